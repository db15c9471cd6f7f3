"""The decisions about a cycle."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from libs.events.forwarder import (
    AbortReason,
    CycleAborted,
    CycleFinished,
    CycleStarted,
    DeliveriesRecorded,
    Delivery,
    Share,
    ShareMoved,
    SourceBroken,
)
from libs.events.values import (
    ChannelPost,
    ErrorName,
    GroupRef,
    Party,
    Post,
    ResultClass,
    SessionId,
)
from libs.eventsourcing import Decider, Refused
from services.forwarder.cycle.commands import (
    MAY_HAVE_ARRIVED,
    Abort,
    Begin,
    BreakSource,
    Command,
    LeaveOut,
    LoseSeat,
    Outcome,
    RecordOutcomes,
)
from services.forwarder.cycle.sharing import Denial, Seating, share_out
from services.forwarder.cycle.state import SECOND_CHANCE, Cycle, CycleEvent, evolve

RECORDED_TOGETHER = 20
BLOCKED = "TARGET_BLOCKED"
"""The error of a group that the operator has blocked."""
BLAMED = 3
"""If so many groups refuse a post for one reason, or all if they are fewer, the post is at fault."""


def decide(command: Command, cycle: Cycle | None) -> list[CycleEvent]:
    """Return the events of a command; none, if it is a duplicate."""
    if cycle is None:
        if isinstance(command, Begin):
            return _begin(command)
        raise Refused("unknown_cycle")
    if isinstance(command, RecordOutcomes):
        return _record(command, cycle)
    return [] if cycle.over else _go_on(command, cycle)


def _go_on(command: Begin | LoseSeat | BreakSource | Abort | LeaveOut, cycle: Cycle) -> list[CycleEvent]:
    match command:
        case Begin():
            return []
        case LoseSeat():
            return _lose(command, cycle)
        case BreakSource():
            return _broken(cycle, command.error)
        case Abort():
            return [_aborted(cycle, command.reason)]
        case LeaveOut():
            left_out = [_left_out(group, command.at) for group in command.groups if group in cycle.waiting]
            return _settle(cycle, left_out) if left_out else []
        case _:
            assert_never(command)


def _begin(command: Begin) -> list[CycleEvent]:
    able = command.seating.able(command.seats)
    groups = tuple(dict.fromkeys(command.groups))
    shares, left = share_out(groups, able, command.seating, source=_source(command.post))
    started = CycleStarted(
        cycle=command.cycle,
        adbot=command.adbot,
        post=command.post,
        pacing=command.pacing,
        shares=shares,
        started_at=command.at,
        options=command.options,
    )
    cycle = evolve(None, started)
    if not able:
        stopped = {ResultClass.STOPPED: len(groups)} if groups else {}
        return [started, _aborted(replace(cycle, counts=stopped), AbortReason.NO_SEATS)]
    denied = [_nobody(group, command.seating.last_denial(group), command.at) for group in left]
    return [started, *_settle(cycle, denied)]


def _source(post: Post) -> GroupRef | None:
    return post.channel if isinstance(post, ChannelPost) else None


def _nobody(group: GroupRef, denial: Denial, at: datetime) -> Delivery:
    return Delivery(
        group=group, session=None, result=denial.result, error=denial.error, at=at, party=denial.party
    )


def _left_out(group: GroupRef, at: datetime) -> Delivery:
    return Delivery(group=group, session=None, result=ResultClass.STOPPED, error=BLOCKED, at=at)


def _record(command: RecordOutcomes, cycle: Cycle) -> list[CycleEvent]:
    """Keep the one final outcome of each group; a group that was reassigned meanwhile is its new seat's."""
    fresh = [one for one in command.outcomes if cycle.waiting.get(one.delivery.group) == one.delivery.session]
    if cycle.over:  # what has or may have arrived is recorded, however late
        arrived = [one for one in fresh if one.doubtful or one.delivery.result.delivered]
        return _recorded(cycle, [one.delivery for one in arrived])
    events: list[CycleEvent] = []
    final: list[Delivery] = []
    for outcome in fresh:
        moved = _second_chance(outcome, cycle, command.seating)
        if moved is None:
            final.append(outcome.delivery)
        else:
            events.append(moved)
            cycle = evolve(cycle, moved)
    return [*events, *_settle(cycle, final)]


def _second_chance(outcome: Outcome, cycle: Cycle, seating: Seating) -> ShareMoved | None:
    delivery = outcome.delivery
    session, group = delivery.session, delivery.group
    if session is None or outcome.doubtful or delivery.result not in SECOND_CHANCE or group in cycle.refused:
        return None
    if delivery.party is Party.SOURCE:  # another seat's post would be the same
        return None
    others = seating.ready(cycle.others(session))
    shares, _ = share_out((group,), others, seating, loads=_loads(cycle), source=cycle.source)
    party = Party.SEAT_AT_TARGET if delivery.party is None else delivery.party
    return _moved(cycle, session, delivery.result, delivery.error, shares, party)


def _lose(command: LoseSeat, cycle: Cycle) -> list[CycleEvent]:
    groups = tuple(group for group, seat in cycle.waiting.items() if seat == command.session)
    others = command.seating.able(cycle.others(command.session))
    if not groups:
        return []
    unknown = [group for group in groups if group in command.doubtful]
    safe = tuple(group for group in groups if group not in command.doubtful)
    final = [_in_doubt(group, command) for group in unknown]
    if not others and safe:
        recorded = _recorded(cycle, final)
        for event in recorded:
            cycle = evolve(cycle, event)
        return [*recorded, *_nobody_left(command, cycle)]
    seating = command.seating.with_refusals(cycle.refused, Denial(command.result, command.error))
    shares, left = share_out(safe, others, seating, loads=_loads(cycle), source=cycle.source)
    moved = _moved(cycle, command.session, command.result, command.error, shares, command.party)
    events: list[CycleEvent] = [] if moved is None else [moved]
    if moved is not None:
        cycle = evolve(cycle, moved)
    return [*events, *_settle(cycle, [*final, *(_lost(group, command) for group in left)])]


def _nobody_left(command: LoseSeat, cycle: Cycle) -> list[CycleEvent]:
    """Return the end of a cycle whose post no seat can send any more."""
    if command.party is Party.SEAT_AT_SOURCE:
        return _broken(cycle, command.error)
    return [_aborted(cycle, AbortReason.NO_SEATS)]


def _broken(cycle: Cycle, error: ErrorName) -> list[CycleEvent]:
    broken = SourceBroken(cycle=cycle.id, adbot=cycle.adbot, error=error)
    return [broken, _aborted(cycle, AbortReason.SOURCE_BROKEN)]


def _lost(group: GroupRef, command: LoseSeat) -> Delivery:
    return Delivery(
        group=group,
        session=command.session,
        result=command.result,
        error=command.error,
        at=command.at,
        party=command.party,
    )


def _in_doubt(group: GroupRef, command: LoseSeat) -> Delivery:
    return Delivery(
        group=group,
        session=command.session,
        result=ResultClass.UNKNOWN,
        error=MAY_HAVE_ARRIVED,
        at=command.at,
    )


def _loads(cycle: Cycle) -> dict[SessionId, int]:
    loads = dict.fromkeys(cycle.seats, 0)
    for session in cycle.waiting.values():
        loads[session] += 1
    return loads


def _moved(
    cycle: Cycle,
    session: SessionId,
    result: ResultClass,
    error: ErrorName,
    shares: Sequence[Share],
    party: Party,
) -> ShareMoved | None:
    given = tuple(share for share in shares if share.groups)
    if not given:
        return None
    return ShareMoved(
        cycle=cycle.id,
        adbot=cycle.adbot,
        session=session,
        result=result,
        error=error,
        shares=given,
        party=party,
    )


def _settle(cycle: Cycle, final: Sequence[Delivery]) -> list[CycleEvent]:
    """Return the deliveries as events, and the cycle's end if no group is pending."""
    events: list[CycleEvent] = _recorded(cycle, final)
    for event in events:
        cycle = evolve(cycle, event)
    if (error := _blamed(cycle)) is not None:
        return [*events, *_broken(cycle, error)]
    if not cycle.waiting:
        events.append(
            CycleFinished(
                cycle=cycle.id, adbot=cycle.adbot, counts=dict(cycle.counts), started_at=cycle.started_at
            )
        )
    return events


def _blamed(cycle: Cycle) -> ErrorName | None:
    """Return the error with which all groups so far refused the post for something in it."""
    for error, groups in cycle.blamed.items():
        if not cycle.delivered and groups == cycle.tried and (groups >= BLAMED or not cycle.waiting):
            return error
    return None


def _recorded(cycle: Cycle, final: Sequence[Delivery]) -> list[CycleEvent]:
    return [
        DeliveriesRecorded(
            cycle=cycle.id, adbot=cycle.adbot, deliveries=tuple(final[start : start + RECORDED_TOGETHER])
        )
        for start in range(0, len(final), RECORDED_TOGETHER)
    ]


def _aborted(cycle: Cycle, reason: AbortReason) -> CycleAborted:
    counts = dict(cycle.counts)
    if cycle.waiting:
        counts[ResultClass.STOPPED] = counts.get(ResultClass.STOPPED, 0) + len(cycle.waiting)
    return CycleAborted(
        cycle=cycle.id, adbot=cycle.adbot, reason=reason, counts=counts, started_at=cycle.started_at
    )


CYCLE = Decider("cycle", decide, evolve)
