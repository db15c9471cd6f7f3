"""The commands to an account's permissions."""

from dataclasses import dataclass

from libs.events.values import AccountId


@dataclass(frozen=True)
class Allow:
    """Allow an account's adbots to name chats by private ids."""

    account: AccountId
    reason: str


@dataclass(frozen=True)
class Forbid:
    """Restrict an account's adbots to public names and invite links, the default."""

    account: AccountId
    reason: str


Command = Allow | Forbid
