"""The forwarder's reactions to events."""

from libs.events.forwarder import AbortReason
from libs.events.provisioning import SeatsReleased, SessionLost, SessionReleased
from libs.events.scheduler import (
    AdbotStopped,
    AllPaused,
    AllResumed,
    CycleDue,
    GroupConfirmed,
    PostCheckRequested,
    TargetBlocked,
    TargetUnblocked,
)
from libs.eventsourcing import Cause, Reactions, UnitOfWork
from services.forwarder.access.commands import Leave, Lift
from services.forwarder.access.domain import ACCESS
from services.forwarder.client.commands import Die
from services.forwarder.client.domain import CLIENT
from services.forwarder.context import Context
from services.forwarder.cycle.commands import Abort, Begin, LeaveOut
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.seating import seating_of
from services.forwarder.cycle.tables import cycles_of_seat, running_cycles
from services.forwarder.pool.known import forget_peers
from services.forwarder.pool.own_posts import begin_with, forget_deletions, forget_posts
from services.forwarder.pool.pausing import pause, paused, resume
from services.forwarder.pool.post_checks import request
from services.forwarder.pool.recovery import abort, record_known_of_cycle
from services.forwarder.pool.switches import block, blocked_among, pending_at, unblock
from services.forwarder.pool.tasks import forget_post_checks
from services.forwarder.tables.adbots import last_stop, released_from

reactions = Reactions[Context]()


@reactions.to(CycleDue, context=True)
async def begin(event: CycleDue, unit: UnitOfWork, context: Context) -> None:
    """Start the cycle: distribute its groups over the seats of the adbot."""
    sessions = [seat.session for seat in event.seats]
    # the scheduler may have appended this before it handled the release of these sessions
    left = await released_from(unit.flushed, event.adbot, sessions)
    command = Begin(
        cycle=event.cycle,
        adbot=event.adbot,
        post=event.post,
        pacing=event.pacing,
        groups=event.groups,
        seats=tuple(seat for seat in event.seats if seat.session not in left),
        seating=await seating_of(unit.flushed, event.adbot, sessions, context.cycle_timeout),
        at=unit.at,
        options=event.options,
    )
    await unit.execute(CYCLE, event.cycle, command)
    await begin_with(unit.flushed, event.adbot, event.options)
    # a reader that is ahead of this one may have handled the stop already
    if unit.cause.cursor < await last_stop(unit.flushed, event.adbot) or await paused(unit.flushed):
        await unit.execute(CYCLE, event.cycle, Abort(AbortReason.STOPPED, unit.at))
    elif blocked := await blocked_among(unit.flushed, event.groups):
        await unit.execute(CYCLE, event.cycle, LeaveOut(tuple(blocked), unit.at))


@reactions.to(TargetBlocked)
async def leave_out(event: TargetBlocked, unit: UnitOfWork) -> None:
    """Drop the pending sends to a blocked group."""
    await block(unit.flushed, event.target)
    for cycle, groups in (await pending_at(unit.flushed, event.target)).items():
        await record_known_of_cycle(unit, cycle)
        await unit.execute(CYCLE, cycle, LeaveOut(tuple(groups), unit.at))


@reactions.to(TargetUnblocked)
async def take_in(event: TargetUnblocked, unit: UnitOfWork) -> None:
    """Let cycles that begin from now on send to a group again."""
    await unblock(unit.flushed, event.target)


@reactions.to(AllPaused)
async def pause_all(_: AllPaused, unit: UnitOfWork) -> None:
    """Let no send and no cycle begin, and abort the running ones; if they are many, a timer goes on."""
    await pause(unit)


@reactions.to(AllResumed)
async def resume_all(_: AllResumed, unit: UnitOfWork) -> None:
    """Let cycles begin again."""
    await resume(unit.flushed)


@reactions.to(GroupConfirmed)
async def ask_again(event: GroupConfirmed, unit: UnitOfWork) -> None:
    """End the denials of a group that its client says is alive."""
    await unit.execute(ACCESS, event.adbot, Lift(event.group))


@reactions.to(PostCheckRequested)
async def look_at_posts(event: PostCheckRequested, unit: UnitOfWork) -> None:
    """Let each seat look at the posts, unless the time for it is over."""
    if event.expires_at > unit.at:
        envelope = unit.cause.envelope
        await request(unit.flushed, event, Cause(envelope.correlation_id, envelope.id))


async def stop(event: AdbotStopped | SeatsReleased, unit: UnitOfWork) -> None:
    """Abort the adbot's running cycles: pending sends are dropped, for other adbots may get the sessions."""
    if isinstance(event, SeatsReleased):
        await unit.execute(ACCESS, event.adbot, Leave(None))
        await forget_posts(unit.flushed, event.adbot)
    for cycle in await running_cycles(unit.flushed, event.adbot):
        await abort(unit, cycle)


reactions.to(AdbotStopped)(stop)
reactions.to(SeatsReleased)(stop)


async def forget(event: SessionReleased | SessionLost, unit: UnitOfWork) -> None:
    """Forget what the session resolved and was denied: its next adbot may be another client's."""
    await forget_peers(unit.flushed, event.session)
    await forget_post_checks(unit.flushed, event.session)
    await forget_deletions(unit.flushed, event.session)
    if event.adbot is not None:
        await unit.execute(ACCESS, event.adbot, Leave(event.session))


reactions.to(SessionReleased)(forget)


@reactions.to(SessionLost)
async def lose(event: SessionLost, unit: UnitOfWork) -> None:
    """Forget a lost session. If an operator retired it, it is used no more, and its running cycles end.

    They end as at a stop of the adbot: its worker may be sending, so no other seat may take its groups over.
    """
    client = await unit.load(CLIENT, event.session)
    if client is not None and not client.dead:
        await unit.execute(CLIENT, event.session, Die(event.loss, event.error, unit.at))
        for cycle, _ in await cycles_of_seat(unit.flushed, event.session):
            await abort(unit, cycle)
    await forget(event, unit)
