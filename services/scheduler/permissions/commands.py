"""What may be asked of an account's permissions."""

from dataclasses import dataclass

from libs.events.values import AccountId


@dataclass(frozen=True)
class Allow:
    """Let an account's adbots name chats by private ids."""

    account: AccountId
    reason: str


@dataclass(frozen=True)
class Forbid:
    """Let an account's adbots name chats by public names and invite links only, as at first."""

    account: AccountId
    reason: str


Command = Allow | Forbid
