"""An answer that can't be stored at once still counts: nothing is sent that it forbids."""

import pytest

from libs.events.forwarder import SeatRested
from libs.events.values import Pacing, ResultClass
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

AWAY_FOR = 3
REFUSE = """
create sequence refused;
create function refuse() returns trigger language plpgsql as $$ begin
    if new.{column} = '{value}' and nextval('refused') <= {times} then
        raise exception 'the database is away' using errcode = 'admin_shutdown';
    end if;
    return new;
end $$;
create trigger refusing before insert on {table} for each row execute function refuse();
"""


@pytest.mark.parametrize(
    ("error", "table", "column", "value"),
    [
        ("FLOOD_WAIT_2", "engine.events", "type", "SeatRested"),
        ("SLOWMODE_WAIT_2", "engine.events", "type", "AccessDenied"),
    ],
)
async def test_a_wait_is_kept_while_the_database_is_away(
    harness: ForwarderHarness, error: str, table: str, column: str, value: str
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    refusal = REFUSE.format(table=table, column=column, value=value, times=AWAY_FOR)
    await harness.engine.pool.execute(refusal)
    harness.fail(error, seats[0], times=1)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0))
    async with harness.working():
        assert await harness.finished(cycle) == {ResultClass.SENT: 2}
    assert await harness.engine.pool.fetchval("select last_value from refused") > AWAY_FOR
    first, *later = harness.sent()
    assert first.outcome == error
    again = next(one for one in later if error.startswith("FLOOD") or one.chat == first.chat)
    assert again.monotonic - first.monotonic >= 1.95
    rested = [one.error for one in await harness.events_of(SeatRested)]
    assert rested == (["FLOOD_WAIT_2"] if error.startswith("FLOOD") else [])


REFUSE_RESTS = """
create sequence refused;
create function refuse() returns trigger language plpgsql as $$ begin
    if new.type = 'SeatRested' and {condition} then
        perform nextval('refused');
        raise exception 'the database is away' using errcode = 'admin_shutdown';
    end if;
    return new;
end $$;
create trigger refusing before insert on engine.events for each row execute function refuse();
"""


async def refused(harness: ForwarderHarness) -> bool:
    return bool(await harness.engine.pool.fetchval("select is_called from refused"))


async def test_a_wait_that_is_not_stored_outlasts_the_lease(harness: ForwarderHarness) -> None:
    """The worker that was told to wait leases the session again, and stores the wait when it can."""
    seats = await harness.seats(1)
    groups = harness.groups(1, seats)
    await harness.engine.pool.execute(REFUSE_RESTS.format(condition="true"))
    harness.fail("FLOOD_WAIT_4", seats[0], times=1)
    cycle = await harness.begin(seats, groups, pacing=Pacing(delay_seconds=0))
    async with harness.working(lease_seconds=2, poll_seconds=0.2):
        await until(lambda: refused(harness))
        await harness.engine.pool.execute("update pool.seats set until = '-infinity'")
        taken = "select epoch > 1 and until > clock_timestamp() from pool.seats"
        await until(lambda: harness.engine.pool.fetchval(taken))
        await harness.engine.pool.execute("drop trigger refusing on engine.events")
        assert await harness.finished(cycle) == {ResultClass.SENT: 1}
        assert [one.error for one in await harness.events_of(SeatRested)] == ["FLOOD_WAIT_4"]
    first, second = harness.sent()
    assert second.monotonic - first.monotonic >= 3.95


async def test_a_worker_that_stops_stores_the_waits_that_it_could_not_store(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    while_leased = "exists (select from pool.seats where until > clock_timestamp())"
    await harness.engine.pool.execute(REFUSE_RESTS.format(condition=while_leased))
    harness.fail("FLOOD_WAIT_900", seats[0], times=1)
    await harness.begin(seats, harness.groups(1, seats))
    async with harness.working():
        await until(lambda: refused(harness))
    assert [one.error for one in await harness.events_of(SeatRested)] == ["FLOOD_WAIT_900"]
