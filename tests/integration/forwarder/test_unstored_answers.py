"""An answer that can't be stored at once still counts: nothing is sent that it forbids."""

import pytest

from libs.events.forwarder import SeatRested
from libs.events.values import Pacing, ResultClass
from tests.integration.forwarder.harness import ForwarderHarness

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
