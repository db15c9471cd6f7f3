"""The commands of an account."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import CodeDigest, Role
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
    """Replace the account's access code; the old code stops working."""

    account: AccountId
    code_digest: CodeDigest
    at: datetime


Command = Register | IssueFirstCode | ResetCode
