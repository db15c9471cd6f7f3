"""The webhook aggregate: where an account wants to be told of what. Its secret is not part of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.gateway import (
    HookAdded,
    HookChanged,
    HookDeleted,
    HookSecretRotated,
    HookSwitchedOff,
    HookSwitchedOn,
)
from libs.events.values import AccountId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.gateway.hooks.commands import (
    Add,
    Change,
    Command,
    Delete,
    HookSettings,
    RotateSecret,
    SwitchOff,
    SwitchOn,
)
from services.gateway.hooks.event_names import EVENT_NAMES
from services.gateway.hooks.urls import check_url

MOST_HOOKS = 10
"""How many webhooks an account may have at a time."""

HookEvent = HookAdded | HookChanged | HookSwitchedOff | HookSwitchedOn | HookSecretRotated | HookDeleted


@dataclass(frozen=True)
class Hook:
    """A webhook that was added."""

    account: AccountId
    settings: HookSettings
    on: bool = True
    deleted: bool = False


def decide(command: Command, hook: Hook | None) -> Sequence[HookEvent]:
    """Return the events of a command; none if the webhook is in the wanted state already."""
    if isinstance(command, Add):
        return _add(command, hook)
    if hook is None or hook.deleted or hook.account != command.account:
        raise Refused("unknown_webhook", "you have no webhook of this id")
    match command:
        case Change():
            return _change(command, hook)
        case SwitchOff():
            off = HookSwitchedOff(
                hook=command.hook, account=command.account, why=command.why, detail=command.detail
            )
            return [off] if hook.on else []
        case SwitchOn():
            return [] if hook.on else [HookSwitchedOn(hook=command.hook, account=command.account)]
        case RotateSecret():
            return [HookSecretRotated(hook=command.hook, account=command.account)]
        case Delete():
            return [HookDeleted(hook=command.hook, account=command.account)]
        case _:
            assert_never(command)


def _add(command: Add, hook: Hook | None) -> Sequence[HookEvent]:
    if hook is not None:
        raise Refused("webhook_exists", "this webhook was added before")
    if command.others >= MOST_HOOKS:
        raise Refused("too_many_webhooks", f"an account has at most {MOST_HOOKS} webhooks; delete one")
    settings = command.settings
    _check(settings, private_networks=command.private_networks)
    return [
        HookAdded(
            hook=command.hook,
            account=command.account,
            url=settings.url,
            events=settings.events,
            description=settings.description,
        )
    ]


def _change(command: Change, hook: Hook) -> Sequence[HookEvent]:
    settings = command.settings
    if settings == hook.settings:
        return []
    _check(settings, private_networks=command.private_networks)
    return [
        HookChanged(
            hook=command.hook,
            account=command.account,
            url=settings.url,
            events=settings.events,
            description=settings.description,
        )
    ]


def _check(settings: HookSettings, *, private_networks: bool) -> None:
    check_url(settings.url, private_networks=private_networks)
    unknown = [name for name in settings.events if name not in EVENT_NAMES]
    if unknown or not settings.events:
        detail = f"there is no event {unknown[0]!r}" if unknown else "name at least one event"
        raise Refused("malformed_webhook_events", f"{detail}; `GET /webhook-events` lists them")


def evolve(hook: Hook | None, event: HookEvent) -> Hook:
    """Return the webhook after an event."""
    if isinstance(event, HookAdded):
        if hook is not None:
            raise ImpossibleEvent("HookAdded can't follow a webhook")
        return Hook(event.account, HookSettings(event.url, event.events, event.description))
    if hook is None or hook.deleted:
        raise ImpossibleEvent(f"{type(event).__name__} can't follow {hook}")
    match event:
        case HookChanged():
            return replace(hook, settings=HookSettings(event.url, event.events, event.description))
        case HookSwitchedOff() | HookSwitchedOn():
            return replace(hook, on=isinstance(event, HookSwitchedOn))
        case HookSecretRotated():
            return hook
        case HookDeleted():
            return replace(hook, deleted=True)
        case _:
            assert_never(event)


HOOK: Decider[Command, Hook, HookEvent] = Decider("hook", decide, evolve)
