"""The events of accounts' webhooks."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, NewType
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.gateway.owner import GatewayEvent
from libs.events.values import AccountId
from libs.eventsourcing.model.event import Upcast

HookId = NewType("HookId", UUID)
HookUrl = Annotated[str, StringConstraints(min_length=1, max_length=500)]
HookEventName = Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$", max_length=60)]
HookDescription = Annotated[str, StringConstraints(max_length=200)]


class HookOffReason(StrEnum):
    """Why a webhook is switched off."""

    BY_OWNER = "by_owner"
    FAILING = "failing"
    """Its receiver took no messages for a long time."""
    GONE = "gone"
    """Its receiver answered 410: it wants no more messages."""
    BY_OPERATOR = "by_operator"
    """Since schema 2 of `HookSwitchedOff`."""


# -- events: stream hook-<id>


class HookAdded(GatewayEvent):
    """An account has a webhook: messages of these events are sent to its URL.

    Its secret is not in the event.
    """

    hook: HookId
    account: AccountId
    url: HookUrl
    events: Annotated[tuple[HookEventName, ...], Field(min_length=1)]
    description: HookDescription


class HookChanged(GatewayEvent):
    """The webhook has these settings from here on."""

    hook: HookId
    account: AccountId
    url: HookUrl
    events: Annotated[tuple[HookEventName, ...], Field(min_length=1)]
    description: HookDescription


class HookSwitchedOff(GatewayEvent):
    """No messages are sent until `HookSwitchedOn`; those that wait are given up.

    Since schema 2 an operator may do it too.
    """

    schema_version: ClassVar[int] = 2
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict}

    hook: HookId
    account: AccountId
    why: HookOffReason
    detail: Annotated[str, StringConstraints(max_length=300)] = ""
    """What was wrong, or the operator's reason, for people; empty if its owner switched it off."""


class HookSwitchedOn(GatewayEvent):
    """Messages are sent again, of events from here on."""

    hook: HookId
    account: AccountId


class HookSecretRotated(GatewayEvent):
    """The webhook has another secret. For a day messages are signed with the old one too."""

    hook: HookId
    account: AccountId


class HookDeleted(GatewayEvent):
    """The webhook is deleted with its secret and its log. Appended at most once, and the last event."""

    hook: HookId
    account: AccountId
