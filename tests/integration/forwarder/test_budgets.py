"""A session makes only so many sends a day, fewer while it is young in stock."""

from datetime import timedelta

from libs.events.values import Pacing, ResultClass, TextPost
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

SENT, LEFT_OUT = ResultClass.SENT, ResultClass.LEFT_OUT
TEXT = TextPost(text="fresh bread")


async def counted(harness: ForwarderHarness) -> list[int]:
    rows = await harness.engine.query(lambda sql: sql.fetch("select sends from pool.days order by sends"))
    return [row["sends"] for row in rows]


async def test_what_does_not_fit_into_the_day_is_left_out_and_the_next_day_begins_anew(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(8, seats)
    async with harness.working(daily_sends=3):
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 6, LEFT_OUT: 2}
    left = [one for one in (await harness.deliveries(cycle)).values() if one.result is LEFT_OUT]
    assert {one.error for one in left} == {"DAILY_BUDGET"}
    assert await counted(harness) == [3, 3]
    async with harness.working(daily_sends=3):
        assert await harness.finished(await harness.begin(seats, groups, post=TEXT)) == {LEFT_OUT: 8}
        await harness.engine.query(lambda sql: sql.execute("update pool.days set day = day - 1"))
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 6, LEFT_OUT: 2}


async def test_the_budget_grows_with_the_age_in_stock(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(4, seats)
    steps = "0:1,7:3"
    async with harness.working(daily_sends_by_age=steps):
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 1, LEFT_OUT: 3}
    await harness.engine.query(
        lambda sql: sql.execute(
            "update clients set imported_at = imported_at - $1::interval", timedelta(days=8)
        )
    )
    async with harness.working(daily_sends_by_age=steps):
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 2, LEFT_OUT: 2}


async def test_sends_that_are_begun_together_stay_within_the_budget(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(6, seats)
    async with harness.working():  # from now on the names are known
        assert await harness.finished(await harness.begin(seats, groups, post=TEXT)) == {SENT: 6}
    async with harness.working(daily_sends=9):
        cycle = await harness.begin(seats, groups, post=TEXT)
        assert await harness.finished(cycle) == {SENT: 3, LEFT_OUT: 3}
    assert await counted(harness) == [9]


async def test_sends_that_were_begun_and_not_made_do_not_count(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(10, seats)

    async def some() -> bool:
        return len(harness.sent()) > len(groups)

    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {SENT: 10}
        cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0.3))
        await until(some)
        await harness.stop(cycle)
    assert await counted(harness) == [len(harness.sent())]


async def test_a_send_that_is_repeated_after_a_crash_counts_once(harness: ForwarderHarness) -> None:
    """Also where the budget is spent: the post may be in the group, which the messenger is asked."""
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats)
    cycle = await harness.begin(seats, [group], post=TEXT)
    await harness.engine.query(
        lambda sql: sql.execute(
            "insert into pool.attempts values ($1, $2, $3, 1, true)", cycle, group, seats[0].session
        )
    )
    await harness.engine.query(
        lambda sql: sql.execute(
            "insert into pool.days values ($1, (clock_timestamp() at time zone 'UTC')::date, 1)",
            seats[0].session,
        )
    )
    async with harness.working(daily_sends=1):
        assert await harness.finished(cycle) == {SENT: 1}
    assert await counted(harness) == [1]
