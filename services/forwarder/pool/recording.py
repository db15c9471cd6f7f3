"""Records the outcomes of sends, each in a transaction that has checked the lease."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

from libs.events.forwarder import DeliveriesRecorded
from libs.events.values import CycleId, ErrorName, GroupRef, Party, ResultClass, Seat
from libs.eventsourcing import Cause, Causes, Engine, UnitOfWork
from services.forwarder.access.tables.denials import refusals_since
from services.forwarder.client.commands import Die, Pause
from services.forwarder.client.domain import CLIENT
from services.forwarder.cycle.commands import BreakSource, LoseSeat, Outcome, RecordOutcomes
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.seating import seating_of
from services.forwarder.cycle.sharing import Seating
from services.forwarder.cycle.state import CycleEvent
from services.forwarder.cycle.tables import cycles_of_seat
from services.forwarder.pool.claims import release, release_seat
from services.forwarder.pool.facts import Facts
from services.forwarder.pool.following import RetryLimits
from services.forwarder.pool.leases import Lease, require
from services.forwarder.pool.news import record
from services.forwarder.pool.own_posts import remember
from services.forwarder.pool.posting import Posting, SendFailed
from services.forwarder.pool.recovery import (
    any_known,
    forget,
    record_known_of_cycle,
    record_known_of_seat,
)
from services.forwarder.pool.sends import Key, Send

ACTOR = "service:forwarder"
BANS = 3
BAN_WINDOW = timedelta(minutes=10)
"""This many bans within that time mean that the account is limited, not that the groups are."""


class Recorder:
    """Records the outcomes of one seat as events."""

    def __init__(self, engine: Engine, lease: Lease, limits: RetryLimits, ban: ErrorName) -> None:
        self._engine = engine
        self._lease = lease
        self._limits = limits
        self._ban = ban
        self._facts = Facts(lease.session, limits.lasting)

    async def _run(
        self,
        work: Callable[[UnitOfWork], Awaitable[None]],
        *,
        grouped: bool = False,
        causes: Causes | None = None,
    ) -> None:
        async def fenced(unit: UnitOfWork) -> None:
            await require(unit.flushed, self._lease)
            await work(unit)

        await self._engine.run(fenced, causes or Causes.unprompted(ACTOR), grouped=grouped)

    async def outcomes(self, outcomes: Sequence[tuple[Send, Outcome]]) -> None:
        """Record outcomes of sends; after the end of a cycle only deliveries are recorded.

        Seats that record at the same time share a transaction: else those of one cycle would conflict.
        """
        by_cycle: dict[CycleId, list[tuple[Send, Outcome]]] = {}
        for send, outcome in outcomes:
            by_cycle.setdefault(send.cycle, []).append((send, outcome))

        async def work(unit: UnitOfWork) -> None:
            for cycle, some in by_cycle.items():
                await self._record(unit, cycle, some)
            bans = [send for send, outcome in outcomes if outcome.delivery.error == self._ban]
            if bans:
                await self._suspect(unit, bans)

        await self._run(work, grouped=True)

    async def _record(self, unit: UnitOfWork, cycle: CycleId, some: Sequence[tuple[Send, Outcome]]) -> None:
        outcomes = tuple(outcome for _, outcome in some)
        refused = not all(outcome.delivery.result.delivered for outcome in outcomes)
        seating, others = await self._seating(unit, cycle) if refused else (Seating(), [])
        record = RecordOutcomes(outcomes, seating, unit.at)
        events = await unit.execute(CYCLE, cycle, record, because=some[-1][0].cause)
        await self._facts.learn(unit, some, events, alone=not seating.able(others))
        await remember(unit, cycle, events)
        await forget(unit, cycle, [one.delivery.group for one in outcomes])
        if missed := _not_there(outcomes, events):
            await release(unit.flushed, cycle, missed)

    async def known(self) -> None:
        """Record what the session's last worker had stored as arrived and not recorded."""
        if await self._engine.query(lambda sql: any_known(sql, self._lease.session)):
            await self._run(lambda unit: record_known_of_seat(unit, self._lease.session))

    async def lose(self, send: Send | None, failed: SendFailed) -> None:
        """Mark the session dead; its groups are reassigned, except those where a send is doubtful.

        `send` is the one that was refused, if any was.
        """

        async def work(unit: UnitOfWork) -> None:
            die = Die(failed.meaning.loss, failed.error, unit.at)
            await unit.execute(CLIENT, self._lease.session, die, because=send.cause if send else None)
            await record_known_of_seat(unit, self._lease.session)
            # this send was refused, so it is as doubtful as before its last attempt
            refused: set[Key] = set() if send is None or send.doubtful else {send.key}
            doubtful = await self._doubtful(unit) - refused
            await release_seat(unit.flushed, self._lease.session, doubtful)
            for cycle, cause in await cycles_of_seat(unit.flushed, self._lease.session):
                await self._lose_in(unit, cycle, cause, doubtful, failed)

        await self._run(work, causes=Causes.first(ACTOR))

    async def _lose_in(
        self, unit: UnitOfWork, cycle: CycleId, cause: Cause, doubtful: set[Key], failed: SendFailed
    ) -> None:
        groups: frozenset[GroupRef] = frozenset(group for one, group in doubtful if one == cycle)
        seating, _ = await self._seating(unit, cycle)
        command = LoseSeat(
            self._lease.session,
            failed.result,
            failed.error,
            groups,
            seating,
            unit.at,
            failed.party or Party.ACCOUNT,
        )
        await unit.execute(CYCLE, cycle, command, because=cause)

    async def leave_source(self, send: Send, failed: SendFailed) -> None:
        """Reassign the seat's groups of a cycle whose post it can't read, except where a send is doubtful."""

        async def work(unit: UnitOfWork) -> None:
            await record_known_of_seat(unit, self._lease.session)
            doubtful = await self._doubtful(unit) - (set() if send.doubtful else {send.key})
            await release_seat(unit.flushed, self._lease.session, doubtful)
            await self._lose_in(unit, send.cycle, send.cause, doubtful, failed)
            await self._facts.unread(unit, send, failed)

        await self._run(work)

    async def slow_mode(self, send: Send, failed: SendFailed) -> None:
        """Store until when the seat may not write to the group, in this cycle and in others."""
        await self._run(lambda unit: self._facts.slow_mode(unit, send, failed))

    async def learnt(self, send: Send, posting: Posting) -> None:
        """Record what the session has learnt besides the outcomes of its sends.

        If its chats have just been listed, the denials end of groups that it has joined.
        """
        if joined := posting.take_joined():
            await self._run(lambda unit: self._facts.joined(unit, send, joined))
        if news := posting.news():
            await self._run(lambda unit: record(unit, self._lease.session, send.adbot, send.cause, news))
            posting.recorded(news)

    async def break_source(self, send: Send, error: ErrorName) -> None:
        """End the cycle: its post can't be forwarded."""

        async def work(unit: UnitOfWork) -> None:
            await record_known_of_cycle(unit, send.cycle)
            await unit.execute(CYCLE, send.cycle, BreakSource(error, unit.at), because=send.cause)

        await self._run(work)

    async def _seating(self, unit: UnitOfWork, cycle: CycleId) -> tuple[Seating, list[Seat]]:
        """Return the facts about the cycle's seats, and its other seats that may be able to read the post."""
        state = await unit.load(CYCLE, cycle)
        if state is None:
            return Seating(), []
        longest_wait = timedelta(seconds=self._limits.wait_seconds)
        seating = await seating_of(unit.flushed, state.adbot, list(state.seats), longest_wait)
        return seating, state.others(self._lease.session)

    async def _pause_session(
        self, unit: UnitOfWork, seconds: float, result: ResultClass, error: ErrorName, cause: Cause
    ) -> None:
        now: datetime = await unit.flushed.fetchval("select clock_timestamp()")
        pause = Pause(now + timedelta(seconds=seconds), result, error, unit.at)
        await unit.execute(CLIENT, self._lease.session, pause, because=cause)

    async def _suspect(self, unit: UnitOfWork, sends: Sequence[Send]) -> None:
        """Pause the account if several groups banned it lately: then these were not at fault."""
        bans = await refusals_since(unit.flushed, self._lease.session, self._ban, unit.at - BAN_WINDOW)
        if bans >= BANS:
            seconds = self._limits.account_rest_seconds
            await self._pause_session(unit, seconds, ResultClass.ACCOUNT_LIMITED, self._ban, sends[-1].cause)
            for send in {send.adbot: send for send in sends}.values():
                await self._facts.take_back(unit, send, self._ban)

    async def _doubtful(self, unit: UnitOfWork) -> set[Key]:
        rows = await unit.flushed.fetch(
            "select cycle, grp from pool.attempts where session = $1 and doubtful", self._lease.session
        )
        return {(row["cycle"], row["grp"]) for row in rows}


def _not_there(outcomes: Sequence[Outcome], events: Sequence[CycleEvent]) -> list[GroupRef]:
    """Return the groups whose outcome was recorded as final and that certainly did not get the post."""
    done = {
        delivery.group
        for event in events
        if isinstance(event, DeliveriesRecorded)
        for delivery in event.deliveries
    }
    return [one.delivery.group for one in outcomes if one.surely_not and one.delivery.group in done]
