"""What the gateway says: accounts."""

from enum import StrEnum
from typing import Annotated

from pydantic import StringConstraints

from libs.events.base import Event
from libs.events.values import AccountId, EmailAddress

CodeDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A keyed hash of an access code; the code itself is shown once and kept nowhere."""


class Role(StrEnum):
    """What an account may do."""

    CLIENT = "CLIENT"
    RESELLER = "RESELLER"
    ADMIN = "ADMIN"


# -- said: stream account-<id>


class AccountRegistered(Event):
    """An account exists. Said once per e-mail address."""

    account: AccountId
    email: EmailAddress
    role: Role
    code_digest: CodeDigest
    licence: Annotated[str, StringConstraints(pattern=r"^LIC-[0-9A-Z-]{8,40}$")]


class AccessCodeReset(Event):
    """An account's old access code opens nothing any more, the new one does."""

    account: AccountId
    code_digest: CodeDigest
