"""The commands of an account."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import ApiKeyId, CodeDigest, Role, Scope
from libs.events.values import AccountId, EmailAddress


@dataclass(frozen=True)
class Register:
    """Register an account for this e-mail address."""

    account: AccountId
    email: EmailAddress
    role: Role
    licence: str
    at: datetime


@dataclass(frozen=True)
class IssueFirstCode:
    """Issue the account's first access code, unless a code was issued before."""

    account: AccountId
    code_digest: CodeDigest


@dataclass(frozen=True)
class ResetCode:
    """Replace the account's access code; the old code stops working, and so do tokens and API keys."""

    account: AccountId
    code_digest: CodeDigest
    at: datetime


@dataclass(frozen=True)
class Suspend:
    """Let nobody use the account."""

    account: AccountId
    reason: str


@dataclass(frozen=True)
class Restore:
    """End the suspension."""

    account: AccountId


@dataclass(frozen=True)
class SignOutEverywhere:
    """Sign all devices out."""

    account: AccountId


@dataclass(frozen=True)
class ChangeRole:
    """Give the account another role."""

    account: AccountId
    role: Role


@dataclass(frozen=True)
class EnableSecondFactor:
    """Ask for a one-time code at each sign-in."""

    account: AccountId


@dataclass(frozen=True)
class RemoveSecondFactor:
    """Ask for the access code alone, as long as no other second factor is set up."""

    account: AccountId


@dataclass(frozen=True)
class IssueKey:
    """Issue an API key; if it was issued before, replace its secret."""

    account: AccountId
    key: ApiKeyId
    name: str
    scopes: tuple[Scope, ...]
    digest: CodeDigest
    expires_at: datetime | None
    at: datetime


@dataclass(frozen=True)
class RevokeKey:
    """Revoke an API key."""

    account: AccountId
    key: ApiKeyId


Command = (
    Register
    | IssueFirstCode
    | ResetCode
    | Suspend
    | Restore
    | SignOutEverywhere
    | ChangeRole
    | EnableSecondFactor
    | RemoveSecondFactor
    | IssueKey
    | RevokeKey
)
