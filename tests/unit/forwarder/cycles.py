"""A cycle of three seats, and short ways to write its commands and events."""

from datetime import UTC, datetime
from uuid import UUID, uuid5

from libs.events.forwarder import (
    AbortReason,
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    Delivery,
    Share,
    ShareMoved,
)
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    GroupRef,
    Pacing,
    Party,
    ResultClass,
    Seat,
    SessionId,
)
from libs.eventsourcing.testing import scenarios
from services.forwarder.cycle.commands import MAY_HAVE_ARRIVED, Begin, Outcome, RecordOutcomes
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Seating

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
SPACE = UUID(int=1)
CYCLE_ID = CycleId(uuid5(SPACE, "cycle"))
ADBOT = AdbotId(uuid5(SPACE, "adbot"))
PAIR = ApplicationId(uuid5(SPACE, "pair"))
A, B, C = (SessionId(uuid5(SPACE, name)) for name in "abc")
POST = ChannelPost(channel="@news", message=7)
PACING = Pacing(delay_seconds=10)
KNOWN = Seating()
FORBIDDEN = "CHAT_WRITE_FORBIDDEN"

cycle = scenarios(CYCLE)


def seats(*sessions: SessionId) -> tuple[Seat, ...]:
    return tuple(Seat(session=session, pair=PAIR) for session in sessions)


def share(session: SessionId, *groups: GroupRef) -> Share:
    return Share(session=session, pair=PAIR, groups=groups)


def begin(groups: int, *sessions: SessionId, seating: Seating = KNOWN) -> Begin:
    return Begin(CYCLE_ID, ADBOT, POST, PACING, names(groups), seats(*sessions), seating, NOON)


def in_doubt(group: GroupRef, session: SessionId = A) -> Delivery:
    return delivery(group, session, ResultClass.UNKNOWN, MAY_HAVE_ARRIVED)


def names(count: int) -> tuple[GroupRef, ...]:
    return tuple(f"@group{number}" for number in range(count))


def started(*shares: Share) -> CycleStarted:
    return CycleStarted(cycle=CYCLE_ID, adbot=ADBOT, post=POST, pacing=PACING, shares=shares, started_at=NOON)


def delivery(
    group: GroupRef,
    session: SessionId | None,
    result: ResultClass = ResultClass.SENT,
    error: str = "",
    party: Party | None = None,
) -> Delivery:
    return Delivery(group=group, session=session, result=result, error=error, at=NOON, party=party)


def record(*deliveries: Delivery, doubtful: bool = False, seating: Seating = KNOWN) -> RecordOutcomes:
    return RecordOutcomes(tuple(Outcome(one, doubtful) for one in deliveries), seating, NOON)


def recorded(*deliveries: Delivery) -> DeliveriesRecorded:
    return DeliveriesRecorded(cycle=CYCLE_ID, adbot=ADBOT, deliveries=deliveries)


def finished(**counts: int) -> CycleFinished:
    return CycleFinished(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        counts={ResultClass(name): count for name, count in counts.items()},
        started_at=NOON,
    )


def aborted(reason: AbortReason, **counts: int) -> CycleAborted:
    return CycleAborted(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        reason=reason,
        counts={ResultClass(name): count for name, count in counts.items()},
        started_at=NOON,
    )


def moved(
    session: SessionId,
    *shares: Share,
    result: ResultClass = ResultClass.TARGET_DENIED,
    error: str = FORBIDDEN,
    party: Party = Party.SEAT_AT_TARGET,
) -> ShareMoved:
    return ShareMoved(
        cycle=CYCLE_ID,
        adbot=ADBOT,
        session=session,
        result=result,
        error=error,
        shares=shares,
        party=party,
    )
