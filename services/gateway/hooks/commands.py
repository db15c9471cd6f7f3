"""The commands of a webhook."""

from dataclasses import dataclass

from libs.events.gateway import HookId, HookOffReason
from libs.events.values import AccountId


@dataclass(frozen=True)
class HookSettings:
    """What an owner sets: where messages are sent, and which."""

    url: str
    events: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class Add:
    """Add the webhook to an account that has `others` already."""

    hook: HookId
    account: AccountId
    settings: HookSettings
    others: int
    private_networks: bool
    """Whether URLs in private networks are accepted, for trials on one machine."""


@dataclass(frozen=True)
class Change:
    """Replace the webhook's settings."""

    hook: HookId
    account: AccountId
    settings: HookSettings
    private_networks: bool


@dataclass(frozen=True)
class SwitchOff:
    """Send no more messages."""

    hook: HookId
    account: AccountId
    why: HookOffReason
    detail: str = ""


@dataclass(frozen=True)
class SwitchOn:
    """Send messages again, of events from here on."""

    hook: HookId
    account: AccountId


@dataclass(frozen=True)
class RotateSecret:
    """Record that the webhook has another secret."""

    hook: HookId
    account: AccountId


@dataclass(frozen=True)
class Delete:
    """Delete the webhook."""

    hook: HookId
    account: AccountId


Command = Add | Change | SwitchOff | SwitchOn | RotateSecret | Delete
