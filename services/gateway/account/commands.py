"""What may be asked of an account."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import CodeDigest, Role
from libs.events.values import AccountId, EmailAddress


@dataclass(frozen=True)
class Register:
    """Let an account exist for this e-mail address."""

    account: AccountId
    email: EmailAddress
    role: Role
    licence: str
    at: datetime


@dataclass(frozen=True)
class IssueFirstCode:
    """Let an access code open the account, unless one was issued before."""

    account: AccountId
    code_digest: CodeDigest


@dataclass(frozen=True)
class ResetCode:
    """Let another access code open the account, and the old one nothing."""

    account: AccountId
    code_digest: CodeDigest
    at: datetime


Command = Register | IssueFirstCode | ResetCode
