"""The state of a cycle: the seat of each pending group, and the outcomes of the others."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from libs.events.forwarder import (
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    Delivery,
    ShareMoved,
    SourceBroken,
)
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    ErrorName,
    GroupRef,
    Party,
    ResultClass,
    Seat,
    SendOptions,
    SessionId,
)
from libs.eventsourcing import ImpossibleEvent

SECOND_CHANCE = frozenset(
    {
        ResultClass.TARGET_DENIED,
        ResultClass.TARGET_GONE,
        ResultClass.CONTENT_DENIED,
        ResultClass.PAYMENT_REQUIRED,
    }
)
"""The results after which one other seat may try the group."""

CycleEvent = CycleStarted | ShareMoved | DeliveriesRecorded | CycleFinished | CycleAborted | SourceBroken


@dataclass(frozen=True)
class Cycle:
    """A cycle that has started."""

    id: CycleId
    adbot: AdbotId
    started_at: datetime
    seats: Mapping[SessionId, ApplicationId]
    waiting: Mapping[GroupRef, SessionId]
    """The seats of the pending groups."""
    refused: Mapping[GroupRef, frozenset[SessionId]] = field(
        default_factory=dict[GroupRef, frozenset[SessionId]]
    )
    """The seats that each group refused."""
    counts: Mapping[ResultClass, int] = field(default_factory=dict[ResultClass, int])
    over: bool = False
    source: GroupRef | None = None
    """The channel of the post."""
    blind: frozenset[SessionId] = frozenset()
    """The seats that can't read the post."""
    tried: int = 0
    """How many groups some seat has tried."""
    blamed: Mapping[ErrorName, int] = field(default_factory=dict[ErrorName, int])
    """How many groups refused the post for something in it, by error."""
    options: SendOptions = field(default_factory=SendOptions)

    @property
    def delivered(self) -> bool:
        """Some group has received the post."""
        return any(count for result, count in self.counts.items() if result.delivered)

    def others(self, session: SessionId) -> list[Seat]:
        """Return the seats besides this one that may be able to read the post."""
        return [
            Seat(session=one, pair=pair)
            for one, pair in self.seats.items()
            if one not in self.blind | {session}
        ]


def evolve(cycle: Cycle | None, event: CycleEvent) -> Cycle:
    """Return the cycle after an event."""
    match event, cycle:
        case CycleStarted(), None:
            return _started(event)
        case (_, None) | (CycleStarted(), Cycle()):
            message = f"{type(event).__name__} can't follow {cycle}"
            raise ImpossibleEvent(message)
        case ShareMoved(), Cycle():
            return _moved(cycle, event)
        case DeliveriesRecorded(), Cycle():
            return _recorded(cycle, event)
        case SourceBroken(), Cycle():
            return cycle
        case ((CycleFinished() | CycleAborted()), Cycle()):
            return replace(cycle, over=True)
        case _:
            assert_never(event)


def _started(event: CycleStarted) -> Cycle:
    return Cycle(
        id=event.cycle,
        adbot=event.adbot,
        started_at=event.started_at,
        seats={share.session: share.pair for share in event.shares},
        waiting={group: share.session for share in event.shares for group in share.groups},
        source=event.post.channel if isinstance(event.post, ChannelPost) else None,
        options=event.options,
    )


def _moved(cycle: Cycle, event: ShareMoved) -> Cycle:
    moved = {group: share.session for share in event.shares for group in share.groups}
    refused = dict(cycle.refused)
    if event.result in SECOND_CHANCE:
        for group in moved:
            refused[group] = refused.get(group, frozenset()) | {event.session}
    blind = cycle.blind | {event.session} if event.party is Party.SEAT_AT_SOURCE else cycle.blind
    return replace(cycle, waiting={**cycle.waiting, **moved}, refused=refused, blind=blind)


def _tried(delivery: Delivery) -> bool:
    """Return whether a seat asked the group, which then took the post or refused it."""
    return delivery.session is not None and delivery.result is not ResultClass.LEFT_OUT


def _recorded(cycle: Cycle, event: DeliveriesRecorded) -> Cycle:
    waiting = dict(cycle.waiting)
    for delivery in event.deliveries:
        waiting.pop(delivery.group, None)
    counts = Counter(cycle.counts)
    counts.update(delivery.result for delivery in event.deliveries)
    blamed = Counter(cycle.blamed)
    blamed.update(one.error for one in event.deliveries if one.party is Party.SOURCE)
    return replace(
        cycle,
        waiting=waiting,
        counts=dict(counts),
        tried=cycle.tried + sum(map(_tried, event.deliveries)),
        blamed=dict(blamed),
    )
