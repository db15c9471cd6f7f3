"""Access tokens: JSON web tokens of our own, and those of one other issuer."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from pydantic import SecretStr

from libs.events.gateway import DeviceId
from libs.events.values import AccountId
from services.gateway.api.identity.known_tokens import KnownTokens
from services.gateway.api.requests.problems import Denied, unauthorized

ALGORITHM = "HS256"
ISSUER = AUDIENCE = "adrelay"
LONGEST = 4096
"""The longest text that is looked at as a credential."""
_KEY_ID_DIGITS = 16


@dataclass(frozen=True)
class TokenClaims:
    """What an access token of ours says."""

    account: AccountId
    device: DeviceId
    epoch: int
    expires_at: datetime


@dataclass(frozen=True)
class ForeignClaims:
    """What another issuer's token says: no role, whatever it claims."""

    account: AccountId
    issued_at: datetime
    """In whole seconds, rounded down."""
    expires_at: datetime


class Tokens:
    """Issues and verifies access tokens, signed with the first of the gateway's secrets.

    Tokens that were signed with another one, from before a change, are valid until they expire.
    """

    def __init__(self, secrets: Sequence[SecretStr], seconds: int) -> None:
        self._secret = secrets[0].get_secret_value()
        self._secrets = {_named(one): one for one in (secret.get_secret_value() for secret in secrets)}
        self._known = KnownTokens[TokenClaims]()
        self.seconds = seconds

    def issue(self, claims: TokenClaims, *, role: str, plan_status: str, at: datetime) -> str:
        """Return a token; `role` and `plan_status` are for the client, and never trusted."""
        content = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(claims.account),
            "user_id": str(claims.account),
            "device": str(claims.device),
            "epoch": claims.epoch,
            "role": role,
            "plan_status": plan_status,
            "iat": at,
            "exp": claims.expires_at,
        }
        return jwt.encode(content, self._secret, ALGORITHM, headers={"kid": _named(self._secret)})

    def expiry(self, at: datetime) -> datetime:
        """Return when a token that is issued at an instant expires."""
        return at + timedelta(seconds=self.seconds)

    def is_ours(self, token: str) -> bool:
        """Return whether a token names a key of ours; its signature may still be wrong."""
        return self._known.get(token) is not None or _key_id(token) in self._secrets

    def read(self, token: str) -> TokenClaims:
        """Return what a token says; raise `Denied` unless it is valid."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._verify(token)
            self._known.add(token, claims)
        return claims

    def _verify(self, token: str) -> TokenClaims:
        required = ["iss", "aud", "sub", "device", "epoch", "iat", "exp"]
        secret = self._secrets.get(_key_id(token), self._secret)
        claims = _verified(token, [secret], ISSUER, AUDIENCE, required)
        try:
            return TokenClaims(
                AccountId(UUID(claims["sub"])),
                DeviceId(UUID(claims["device"])),
                int(claims["epoch"]),
                datetime.fromtimestamp(int(claims["exp"]), UTC),
            )
        except (TypeError, ValueError, AttributeError):
            raise _invalid() from None


class ForeignTokens:
    """Verifies tokens of one other issuer, whose accounts have the ids of ours.

    During a change of its secret there are two.
    """

    def __init__(self, secrets: Sequence[SecretStr], issuer: str, audience: str) -> None:
        self._secrets = [secret.get_secret_value() for secret in secrets]
        self._issuer, self._audience = issuer, audience
        self._known = KnownTokens[ForeignClaims]()

    def read(self, token: str) -> ForeignClaims:
        """Return what a token says; raise `Denied` unless it is valid."""
        claims = self._known.get(token)
        if claims is None:
            claims = self._verify(token)
            self._known.add(token, claims)
        return claims

    def _verify(self, token: str) -> ForeignClaims:
        claims = _verified(token, self._secrets, self._issuer, self._audience, ["iss", "aud", "iat", "exp"])
        try:
            return ForeignClaims(
                AccountId(UUID(claims.get("user_id") or claims["sub"])),
                datetime.fromtimestamp(int(claims["iat"]), UTC),
                datetime.fromtimestamp(int(claims["exp"]), UTC),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _invalid() from None


def _named(secret: str) -> str:
    """Return the key id of a secret, which does not reveal it."""
    return hashlib.sha256(f"key id:{secret}".encode()).hexdigest()[:_KEY_ID_DIGITS]


def _key_id(token: str) -> str:
    """Return the key id that a token names; empty if it names none."""
    try:
        found = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError:
        return ""
    return found if isinstance(found, str) else ""


def _verified(
    token: str, secrets: Sequence[str], issuer: str, audience: str, required: list[str]
) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise _invalid()
    for secret in secrets:
        try:
            return jwt.decode(
                token,
                secret,
                [ALGORITHM],
                issuer=issuer,
                audience=audience,
                options={"require": required},
            )
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise unauthorized("token_expired", "refresh it, or sign in again") from None
        except (jwt.InvalidTokenError, ValueError):
            break
    raise _invalid()


def _invalid() -> Denied:
    return unauthorized("invalid_token", "this is no token of ours")
