"""Tokens that authenticate a caller."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import jwt
from pydantic import SecretStr

from libs.events.gateway import Role
from libs.events.values import AccountId
from services.gateway.api.requests.problems import unauthorized

ALGORITHM = "HS256"


@dataclass(frozen=True)
class Identity:
    """The account and role that a token was issued to."""

    account: AccountId
    role: Role


class Tokens:
    """Issues and verifies JSON web tokens, signed with the gateway's secret."""

    def __init__(self, secret: SecretStr, seconds: int) -> None:
        self._secret = secret.get_secret_value()
        self.seconds = seconds

    def issue(self, identity: Identity, plan_status: str, at: datetime) -> str:
        """Return a token that is valid from now on."""
        claims = {
            "sub": str(identity.account),
            "user_id": str(identity.account),
            "role": identity.role.value,
            "plan_status": plan_status,
            "iat": at,
            "exp": at + timedelta(seconds=self.seconds),
        }
        return jwt.encode(claims, self._secret, ALGORITHM)

    def read(self, token: str) -> Identity:
        """Return the account and role of a token; raise `Denied` unless it is valid."""
        return self._read(token)[0]

    def expires_at(self, token: str) -> datetime:
        """Return when a token expires; raise `Denied` unless it is valid."""
        return self._read(token)[1]

    def _read(self, token: str) -> tuple[Identity, datetime]:
        try:
            claims: dict[str, Any] = jwt.decode(
                token, self._secret, [ALGORITHM], options={"require": ["sub", "role", "iat", "exp"]}
            )
            identity = Identity(AccountId(UUID(claims["sub"])), Role(claims["role"]))
            return identity, datetime.fromtimestamp(int(claims["exp"]), UTC)
        except jwt.ExpiredSignatureError:
            raise unauthorized("token_expired", "sign in again") from None
        except (jwt.InvalidTokenError, ValueError):
            raise unauthorized("invalid_token", "this is no token of ours") from None
