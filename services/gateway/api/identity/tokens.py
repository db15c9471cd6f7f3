"""Access tokens: JSON web tokens of our own, and those of one other issuer."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from pydantic import SecretStr

from libs.events.gateway import DeviceId
from libs.events.values import AccountId
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
    """Issues and verifies access tokens, signed with the gateway's secret."""

    def __init__(self, secret: SecretStr, seconds: int) -> None:
        self._secret = secret.get_secret_value()
        self._key_id = hashlib.sha256(f"key id:{self._secret}".encode()).hexdigest()[:_KEY_ID_DIGITS]
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
        return jwt.encode(content, self._secret, ALGORITHM, headers={"kid": self._key_id})

    def expiry(self, at: datetime) -> datetime:
        """Return when a token that is issued at an instant expires."""
        return at + timedelta(seconds=self.seconds)

    def is_ours(self, token: str) -> bool:
        """Return whether a token names our key; its signature may still be wrong."""
        return _key_id(token) == self._key_id

    def read(self, token: str) -> TokenClaims:
        """Return what a token says; raise `Denied` unless it is valid."""
        required = ["iss", "aud", "sub", "device", "epoch", "iat", "exp"]
        claims = _verified(token, self._secret, ISSUER, AUDIENCE, required)
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
    """Verifies tokens of one other issuer, whose accounts have the ids of ours."""

    def __init__(self, secret: SecretStr, issuer: str, audience: str) -> None:
        self._secret = secret.get_secret_value()
        self._issuer, self._audience = issuer, audience

    def read(self, token: str) -> ForeignClaims:
        """Return what a token says; raise `Denied` unless it is valid."""
        claims = _verified(token, self._secret, self._issuer, self._audience, ["iss", "aud", "iat", "exp"])
        try:
            return ForeignClaims(
                AccountId(UUID(claims.get("user_id") or claims["sub"])),
                datetime.fromtimestamp(int(claims["iat"]), UTC),
                datetime.fromtimestamp(int(claims["exp"]), UTC),
            )
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            raise _invalid() from None


def _key_id(token: str) -> str | None:
    try:
        found = jwt.get_unverified_header(token).get("kid")
    except jwt.InvalidTokenError:
        return None
    return found if isinstance(found, str) else None


def _verified(token: str, secret: str, issuer: str, audience: str, required: list[str]) -> dict[str, Any]:
    if len(token) > LONGEST:
        raise _invalid()
    try:
        return jwt.decode(
            token,
            secret,
            [ALGORITHM],
            issuer=issuer,
            audience=audience,
            options={"require": required},
        )
    except jwt.ExpiredSignatureError:
        raise unauthorized("token_expired", "refresh it, or sign in again") from None
    except (jwt.InvalidTokenError, ValueError):
        raise _invalid() from None


def _invalid() -> Denied:
    return unauthorized("invalid_token", "this is no token of ours")
