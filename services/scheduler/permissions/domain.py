"""The decisions about an account's permissions: its adbots may name chats by private ids, or not."""

from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.scheduler import PrivateIdsAllowed, PrivateIdsForbidden
from libs.events.values import AccountId
from libs.eventsourcing import Decider
from services.scheduler.permissions.commands import Allow, Command, Forbid

PermissionEvent = PrivateIdsAllowed | PrivateIdsForbidden


@dataclass(frozen=True)
class Permissions:
    """An account's permissions."""

    account: AccountId
    private_ids: bool = False


def decide(command: Command, permissions: Permissions | None) -> list[PermissionEvent]:
    """Return the events of a command; none, if nothing changes."""
    allowed = permissions is not None and permissions.private_ids
    match command:
        case Allow():
            return [] if allowed else [PrivateIdsAllowed(account=command.account, reason=command.reason)]
        case Forbid():
            return [PrivateIdsForbidden(account=command.account, reason=command.reason)] if allowed else []
        case _:
            assert_never(command)


def evolve(permissions: Permissions | None, event: PermissionEvent) -> Permissions:
    """Return the permissions after an event."""
    before = permissions or Permissions(event.account)
    match event:
        case PrivateIdsAllowed():
            return replace(before, private_ids=True)
        case PrivateIdsForbidden():
            return replace(before, private_ids=False)
        case _:
            assert_never(event)


PERMISSIONS: Decider[Command, Permissions, PermissionEvent] = Decider("permissions", decide, evolve)
