"""The principal of a request: whose it is, by which credential, and what that is good for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from libs.events.gateway import Role, Scope
from libs.events.values import AccountId

OPERATOR = "admin"
"""The operator's token, as the actor of events."""
_CLIENT = frozenset({Scope.READ, Scope.CONTROL, Scope.BILLING})
SCOPES: Mapping[Role, frozenset[Scope]] = {
    Role.CLIENT: _CLIENT,
    Role.RESELLER: _CLIENT,
    Role.ADMIN: frozenset(Scope),
}
"""What an account of each role may do; a credential may be good for less."""


class CredentialKind(StrEnum):
    """The kinds of credentials."""

    TOKEN = "token"  # noqa: S105 - not a secret
    """An access token of a device that is signed in."""
    API_KEY = "api_key"
    FOREIGN_TOKEN = "foreign_token"  # noqa: S105 - not a secret
    """An access token of another issuer, such as Supabase."""
    OPERATORS_TOKEN = "operators_token"  # noqa: S105 - not a secret
    """The one token of the settings, for scripts."""


@dataclass(frozen=True)
class Principal:
    """Who calls. `account` is None for the operator's token only."""

    account: AccountId | None
    role: Role
    kind: CredentialKind
    credential: UUID | None
    """The id of the device or the API key; None for other kinds."""
    scopes: frozenset[Scope]
    address: str
    """The network address of the request."""
    epoch: int
    """The account's epoch; open connections end when it has another one."""
    expires_at: datetime | None
    """When the credential ends; None if it has no end."""

    @property
    def actor(self) -> str:
        """The actor of events that it causes."""
        if self.account is None:
            return OPERATOR
        return f"{OPERATOR}:{self.account}" if Scope.ADMIN in self.scopes else f"account:{self.account}"


@dataclass(frozen=True)
class Caller:
    """A principal with an account."""

    account: AccountId
    principal: Principal
