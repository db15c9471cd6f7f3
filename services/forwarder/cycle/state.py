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
    ShareMoved,
    SourceBroken,
)
from libs.events.values import AdbotId, ApplicationId, CycleId, GroupRef, ResultClass, SessionId
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
    )


def _moved(cycle: Cycle, event: ShareMoved) -> Cycle:
    moved = {group: share.session for share in event.shares for group in share.groups}
    refused = dict(cycle.refused)
    if event.result in SECOND_CHANCE:
        for group in moved:
            refused[group] = refused.get(group, frozenset()) | {event.session}
    return replace(cycle, waiting={**cycle.waiting, **moved}, refused=refused)


def _recorded(cycle: Cycle, event: DeliveriesRecorded) -> Cycle:
    waiting = dict(cycle.waiting)
    for delivery in event.deliveries:
        waiting.pop(delivery.group, None)
    counts = Counter(cycle.counts)
    counts.update(delivery.result for delivery in event.deliveries)
    return replace(cycle, waiting=waiting, counts=dict(counts))
