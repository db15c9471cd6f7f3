"""Sessions are checked without a send: dead ones are found, unreachable ones marked, few at a time."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from libs.events.forwarder import SessionDied, SessionReachable, SessionUnreachable
from libs.events.values import Pacing, ResultClass, Seat, SessionLoss
from libs.eventsourcing import Causes, UnitOfWork
from libs.eventsourcing.values import utc_now
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import AccountState, FaultAction, FaultSpec
from services.forwarder.client.commands import Pause
from services.forwarder.client.domain import CLIENT
from services.forwarder.pool.pool import Pool
from services.forwarder.pool.tasks import arm, forget_tasks
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

PERIOD = 3600.0
IDENTITY = "users.getUsers"


async def make_due(harness: ForwarderHarness, seats: Sequence[Seat]) -> None:
    """Let the next checks of these sessions be due now."""
    await arm(harness.engine, PERIOD)
    await harness.engine.query(
        lambda sql: sql.execute(
            "update pool.tasks set due_at = clock_timestamp() where session = any($1)",
            [seat.session for seat in seats],
        )
    )


async def due_again(harness: ForwarderHarness) -> int:
    """Count the sessions that were checked, and are due later."""
    return int(
        await harness.engine.query(
            lambda sql: sql.fetchval(
                "select count(*) from pool.health join pool.tasks using (session) "
                "where reached_at is not null and due_at > clock_timestamp()"
            )
        )
    )


def asked(harness: ForwarderHarness, seat: Seat) -> int:
    return len(harness.telegram.journal(JournalQuery(method=IDENTITY, account=harness.account(seat))))


def drop(harness: ForwarderHarness, seat: Seat | None) -> None:
    account = None if seat is None else harness.account(seat)
    harness.telegram.inject_fault(FaultSpec(account=account, action=FaultAction.DROP_CONNECTION))


async def test_a_dead_session_is_found_without_a_send(harness: ForwarderHarness) -> None:
    well, dead = await harness.seats(2)
    harness.telegram.set_account_state(harness.account(dead), AccountState.BANNED)
    await make_due(harness, [well, dead])
    async with harness.working(health_check_seconds=PERIOD) as (pool,):
        (died,) = await until(lambda: harness.events_of(SessionDied))
        await until(lambda: due_again(harness))
        await until(lambda: nothing_held(pool))
    assert (died.session, died.loss) == (dead.session, SessionLoss.BANNED)
    assert not [one for one in harness.telegram.sessions() if one.connections]
    await harness.engine.query(forget_tasks)
    rows = await harness.engine.query(lambda sql: sql.fetch("select session from pool.tasks"))
    assert [row["session"] for row in rows] == [well.session]


async def nothing_held(pool: Pool) -> bool:
    return not pool.held


async def test_a_loss_that_passes_is_asked_about_again(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    harness.telegram.inject_fault(FaultSpec(method=IDENTITY, name="AUTH_KEY_UNREGISTERED", code=401, times=1))
    await make_due(harness, seats)
    async with harness.working(health_check_seconds=PERIOD):
        await until(lambda: due_again(harness))
    assert asked(harness, seats[0]) == 2
    assert not await harness.events_of(SessionDied)


async def test_few_sessions_are_leased_for_checks_at_a_time(harness: ForwarderHarness) -> None:
    seats = await harness.seats(7)
    harness.telegram.inject_fault(FaultSpec(method=IDENTITY, action=FaultAction.DELAY, seconds=0.05))
    await make_due(harness, seats)
    most = 0
    async with harness.working(health_check_seconds=PERIOD, task_sessions=2) as (pool,):

        async def all_checked() -> bool:
            nonlocal most
            most = max(most, len(pool.held))
            return await due_again(harness) == len(seats)

        await until(all_checked)
    assert most == 2
    assert not harness.telegram.held_twice()


async def test_checks_are_spread_and_keep_their_places(harness: ForwarderHarness) -> None:
    await harness.seats(40)
    await arm(harness.engine, PERIOD)
    quarters = await places(harness)
    assert set(quarters) == {0, 1, 2, 3}
    assert max(quarters.values()) < 25
    await harness.engine.query(
        lambda sql: sql.execute("update pool.tasks set due_at = due_at - interval '1 year'")
    )
    await arm(harness.engine, PERIOD)
    assert await places(harness) == quarters, "what is long overdue is not made all at once"


async def places(harness: ForwarderHarness) -> Counter[int]:
    """Count the quarters of the period of sessions in stock in which checks are due."""
    rows = await harness.engine.query(
        lambda sql: sql.fetch(
            "select floor(4 * (extract(epoch from due_at)::float8 / $1 "
            "- floor(extract(epoch from due_at)::float8 / $1)))::integer as quarter from pool.tasks "
            "where due_at between clock_timestamp() and clock_timestamp() + $2",
            4 * PERIOD,
            timedelta(seconds=4 * PERIOD),
        )
    )
    return Counter(row["quarter"] for row in rows)


async def test_a_resting_account_is_not_asked(harness: ForwarderHarness) -> None:
    resting, other = await harness.seats(2)

    async def rest(unit: UnitOfWork) -> None:
        until_then = utc_now() + timedelta(minutes=5)
        pause = Pause(until_then, ResultClass.RATE_LIMITED, "FLOOD_WAIT_300", unit.at)
        await unit.execute(CLIENT, resting.session, pause)

    await harness.engine.run(rest, Causes.first("test"))
    await make_due(harness, [resting, other])
    async with harness.working(health_check_seconds=PERIOD, task_sessions=1):
        await until(lambda: due_again(harness))
    assert (asked(harness, resting), asked(harness, other)) == (0, 1)


async def test_a_session_that_can_not_connect_is_marked_until_it_can(harness: ForwarderHarness) -> None:
    broken, well = await harness.seats(2)
    drop(harness, broken)
    async with harness.working(health_check_seconds=PERIOD, health_retry_seconds=0.02):
        await make_due(harness, [broken])
        await until(lambda: failures(harness), lambda count: count >= 3)
        assert not await harness.events_of(SessionUnreachable), "it may be Telegram that is away"
        await make_due(harness, [well])
        (marked,) = await until(lambda: harness.events_of(SessionUnreachable))
        harness.telegram.clear_faults()
        (reached,) = await until(lambda: harness.events_of(SessionReachable))
    assert (marked.session, marked.error) == (broken.session, "CONNECTION_LOST")
    assert reached.session == broken.session
    assert len(await harness.events_of(SessionUnreachable)) == 1


async def failures(harness: ForwarderHarness) -> int:
    return int(
        await harness.engine.query(
            lambda sql: sql.fetchval("select coalesce(max(failures), 0) from pool.health")
        )
    )


async def test_while_telegram_is_away_nobody_is_marked(harness: ForwarderHarness) -> None:
    seats = await harness.seats(3)
    drop(harness, None)
    await make_due(harness, seats)
    async with harness.working(health_check_seconds=PERIOD, health_retry_seconds=0.02):
        await until(lambda: failures(harness), lambda count: count >= 5)
        harness.telegram.clear_faults()
        await until(lambda: due_again(harness), lambda count: count == len(seats))
    assert not await harness.events_of(SessionUnreachable)


async def test_a_session_that_has_just_sent_is_not_checked(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    async with harness.working(health_check_seconds=PERIOD):
        await harness.finished(await harness.begin(seats, groups))
        await until(lambda: due_again(harness))
    assert not asked(harness, seats[0])


async def test_a_check_that_hangs_does_not_hold_up_a_send(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    await make_due(harness, seats)
    patience = 2 * DEADLINE_SECONDS
    async with harness.working(
        health_check_seconds=PERIOD, request_seconds=patience, connect_seconds=patience
    ):
        harness.telegram.inject_fault(FaultSpec(method=IDENTITY, action=FaultAction.HOLD))

        async def hangs() -> bool:
            return harness.telegram.faults()[0].struck > 0

        await until(hangs)
        cycle = await harness.begin(seats, groups)
        assert await harness.finished(cycle) == {ResultClass.SENT: 2}


async def test_a_check_is_made_in_a_pause_between_two_sends(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    async with harness.working(health_check_seconds=PERIOD):
        cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=5))

        async def sending() -> bool:
            return len(harness.sent()) == 1

        await until(sending)
        await make_due(harness, seats)
        await until(lambda: due_again(harness))
        assert len(harness.sent()) == 1
        assert await harness.finished(cycle) == {ResultClass.SENT: 2}
    first, second = harness.sent()
    assert 4.95 <= second.monotonic - first.monotonic < 2 * 5, "the check delays no send by a pause"
