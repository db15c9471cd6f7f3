"""A session is in one worker's hands at a time, whatever workers believe."""

import asyncio
import math

import pytest

from libs.events.values import Pacing, ResultClass
from libs.eventsourcing import Causes, Engine, Sql, UnitOfWork
from services.forwarder.adapters.telegram.error_table import BAN
from services.forwarder.adapters.telegram.errors import TelegramError
from services.forwarder.pool.following import RetryLimits
from services.forwarder.pool.leases import HeldLease, LeaseLost, Leases, require
from services.forwarder.pool.posting import SendFailed
from services.forwarder.pool.queue import Queue
from services.forwarder.pool.recording import Recorder
from services.forwarder.ports import Peer, Target
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

SECONDS = 2.0
"""The length of leases that end in a test."""
LONG_SECONDS = 2 * DEADLINE_SECONDS


def leases(engine: Engine, worker: str, seconds: float = LONG_SECONDS) -> Leases:
    return Leases(engine, worker, seconds, 100)


async def expire(engine: Engine) -> None:
    """End all leases on the database's clock."""
    await engine.pool.execute("update pool.seats set until = '-infinity'")


async def test_sessions_with_work_are_taken_once_and_others_not_at_all(harness: ForwarderHarness) -> None:
    seats = await harness.seats(3)
    await harness.begin(seats[:2], harness.groups(4, seats))
    first, second = leases(harness.engine, "first"), leases(harness.engine, "second")
    taken = await first.take([], [])
    assert {held.lease.session for held in taken} == {seat.session for seat in seats[:2]}
    assert not await second.take([], [])


async def test_a_renewal_does_not_deadlock_with_seats_that_record_together(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    await harness.begin(seats, harness.groups(4, seats))
    worker = leases(harness.engine, "worker")
    one, other = await worker.take([], [])
    before = one.deadline
    async with harness.engine.pool.acquire() as connection, connection.transaction():
        await require(Sql(connection), other.lease)
        renewal = asyncio.create_task(worker.renew([one, other]))

        async def first_is_renewed() -> bool:
            return one.deadline > before

        await until(first_is_renewed)
        assert not renewal.done()
        await require(Sql(connection), one.lease)
    await renewal
    assert min(one.remaining, other.remaining) > 0


async def test_a_lease_that_was_not_renewed_is_taken_and_the_old_one_is_worth_nothing(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    first, second = leases(harness.engine, "first"), leases(harness.engine, "second")
    (old,) = await first.take([], [])
    taken = old.deadline
    await first.renew([old])
    assert old.deadline > taken
    assert not await second.take([], [])

    await leases(harness.engine, "first", SECONDS).renew([old])
    (new,) = await taken_by(second)
    assert new.lease.epoch == old.lease.epoch + 1
    with pytest.raises(LeaseLost):
        old.check()
    await first.renew([old])
    assert old.remaining < 0
    with pytest.raises(LeaseLost):
        await harness.engine.query(lambda sql: require(sql, old.lease))
    await harness.engine.query(lambda sql: require(sql, new.lease))


async def taken_by(worker: Leases) -> list[HeldLease]:
    """What a worker takes as soon as it can."""
    found: list[HeldLease] = []

    async def taken() -> bool:
        found.extend(await worker.take([], []))
        return bool(found)

    await until(taken)
    return found


async def test_a_worker_lets_go_before_another_can_take(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    first, second = leases(harness.engine, "first", SECONDS), leases(harness.engine, "second")
    (old,) = await first.take([], [])
    while not await second.take([], []):  # noqa: ASYNC110 - the time of a lease is the subject here
        await asyncio.sleep(0.005)
    assert old.remaining <= 0, "both held it"


async def test_without_its_lease_a_worker_begins_and_records_nothing(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    first, second = leases(harness.engine, "first"), leases(harness.engine, "second")
    (old,) = await first.take([], [])
    send = (await Queue(harness.engine, old.lease).next([])).send
    assert send is not None
    await expire(harness.engine)
    assert await second.take([], [])
    stale = Queue(harness.engine, old.lease)
    with pytest.raises(LeaseLost):
        await stale.next([])
    with pytest.raises(LeaseLost):
        await stale.begin(send, Target(Peer(17, 0)))
    assert await harness.engine.query(lambda sql: sql.fetch("select 1 from pool.claims")) == []
    with pytest.raises(LeaseLost):
        await stale.put_off(send, 60, attempts=1, doubtful=False)
    assert await harness.engine.query(lambda sql: sql.fetch("select 1 from pool.attempts")) == []
    recorder = Recorder(harness.engine, old.lease, RetryLimits.of(harness.settings), BAN)
    failed = SendFailed(TelegramError("SLOWMODE_WAIT_60"))
    with pytest.raises(LeaseLost):
        await recorder.slow_mode(send, failed)
    with pytest.raises(LeaseLost):
        await recorder.lose(send, SendFailed(TelegramError("SESSION_REVOKED")))


async def test_while_everything_is_paused_no_send_begins(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    (held,) = await leases(harness.engine, "worker").take([], [])
    queue = Queue(harness.engine, held.lease)
    send = (await queue.next([])).send
    assert send is not None
    await harness.engine.pool.execute("insert into pool.paused default values")
    assert await queue.begin(send, Target(Peer(17, 0))) == []
    assert (await queue.next([])).send is None
    for table in ("attempts", "claims"):
        rows = await harness.engine.pool.fetchval(f"select count(*) from pool.{table}")  # noqa: S608
        assert rows == 0
    await harness.engine.pool.execute("delete from pool.paused")
    assert (await queue.next([])).send == send


async def test_nobody_takes_a_session_while_its_worker_records(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    first, second = leases(harness.engine, "first", 2 * SECONDS), leases(harness.engine, "second")
    (old,) = await first.take([], [])
    async with harness.engine.pool.acquire() as connection, connection.transaction():
        unit = UnitOfWork(harness.engine.transaction(connection), Causes.first("test"))
        await require(unit.flushed, old.lease)
        await asyncio.sleep(2 * SECONDS + 0.1)
        taking = asyncio.create_task(second.take([], []))
        done, _ = await asyncio.wait({taking}, timeout=0.3)
        assert not done
    assert await taking


async def test_a_released_session_can_be_taken_at_once(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    await harness.begin(seats, harness.groups(2, seats))
    first, second = leases(harness.engine, "first"), leases(harness.engine, "second")
    (old,) = await first.take([], [])
    await first.release(old.lease)
    assert len(await second.take([], [])) == 1
    await first.release(old.lease)  # a late one changes nothing
    assert not await leases(harness.engine, "third").take([], [])


async def test_workers_share_the_sessions(harness: ForwarderHarness) -> None:
    seats = await harness.seats(6)
    groups = harness.groups(30, seats)
    async with harness.working(3) as pools:

        async def known() -> bool:
            rows = await harness.engine.query(lambda sql: sql.fetch("select worker from pool.workers"))
            return len(rows) == 3

        await until(known)
        cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.1))

        async def shared() -> bool:
            return sum(len(pool.held) for pool in pools) == 6

        await until(shared)
        assert [len(pool.held) for pool in pools] == [2, 2, 2]
        assert await harness.finished(cycle) == {ResultClass.SENT: 30}
    assert harness.copies(groups) == {1: 30}
    assert not harness.telegram.held_twice()


async def test_a_worker_that_stops_records_and_hands_its_sessions_over(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(20, seats)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.05))

    async def under_way() -> bool:
        return len(harness.sent()) >= 4

    async with harness.working(lease_seconds=60):
        await until(under_way)
    told = len(await harness.deliveries(cycle))
    assert told == len([group for group in groups if harness.messages(group)])
    async with harness.working(lease_seconds=60):
        assert await harness.finished(cycle) == {ResultClass.SENT: 20}
    assert harness.copies(groups) == {1: 20}
    assert not harness.telegram.held_twice()
    assert "repeat" not in {entry.outcome for entry in harness.sent()}


async def test_pacing_holds_across_workers(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    cycle = await harness.begin(seats, harness.groups(2, seats), pacing=Pacing(delay_seconds=1.5))

    async def under_way() -> bool:
        return len(harness.sent()) >= 1

    async with harness.working():
        await until(under_way)
    async with harness.working():
        await harness.finished(cycle)
    first, second = [entry.monotonic for entry in harness.sent()]
    assert second - first >= 1.45


async def test_idle_seats_are_let_go(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    cycle = await harness.begin(seats, harness.groups(1, seats))
    async with harness.working(idle_seconds=0.2) as (pool,):
        await harness.finished(cycle)

        async def empty() -> bool:
            return not pool.held

        await until(empty)
        free = await harness.engine.query(
            lambda sql: sql.fetchval("select count(*) from pool.seats where until < clock_timestamp()")
        )
    assert free == 1


async def test_a_dead_worker_is_not_counted_when_its_leases_end(harness: ForwarderHarness) -> None:
    seats = await harness.seats(6)
    await harness.begin(seats, harness.groups(6, seats))
    length = 2 * SECONDS
    dead, first, second = (leases(harness.engine, name, length) for name in ("dead", "first", "second"))
    taken = await dead.take([], [])
    assert len(taken) == 6
    await asyncio.sleep(0.3)
    await dead.show()  # the last that is heard of it

    async def ended() -> bool:
        await first.show()
        await second.show()
        return await first.next_end() == math.inf

    assert 0 < await first.next_end() < length
    await until(ended)
    assert [len(await worker.take([], [])) for worker in (first, second)] == [3, 3]


async def test_a_worker_that_joins_gets_its_part_of_idle_sessions(harness: ForwarderHarness) -> None:
    seats = await harness.seats(4)
    groups = harness.groups(8, seats)
    async with harness.working(lease_seconds=6, idle_seconds=60) as (first,):
        await harness.finished(await harness.begin(seats, groups))
        assert len(first.held) == 4
        async with harness.working(lease_seconds=6, idle_seconds=60) as (second,):

            async def given_up() -> bool:
                return len(first.held) == 2

            await until(given_up)
            await harness.finished(await harness.begin(seats, groups))
            assert (len(first.held), len(second.held)) == (2, 2)
    assert harness.copies(groups) == {2: 8}
    assert not harness.telegram.held_twice()


async def test_an_idle_session_is_disconnected_and_remains_leased(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    async with harness.working(lease_seconds=6, idle_seconds=60) as (pool,):
        await harness.finished(await harness.begin(seats, groups))
        (held,) = pool.held

        async def disconnected() -> bool:
            sessions = harness.telegram.sessions(harness.account(seats[0]))
            return sum(session.connections for session in sessions) == 0

        await until(disconnected)
        assert pool.held == [held]
        await harness.finished(await harness.begin(seats, groups))
        assert pool.held == [held]
    assert harness.copies(groups) == {2: 1}
