"""A wait on one method rests that method alone; names are looked up slowly, and once."""

from datetime import timedelta

from libs.events.forwarder import MethodRested, SeatRested
from libs.events.values import AdbotId, Method, ResultClass, TextPost
from libs.eventsourcing.values import new_id
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import FaultSpec
from tests.integration.forwarder.harness import ForwarderHarness

SENT, LEFT_OUT = ResultClass.SENT, ResultClass.LEFT_OUT
RESOLVE = "contacts.resolveUsername"
TEXT = TextPost(text="fresh bread")


def asked(harness: ForwarderHarness, method: str = RESOLVE) -> int:
    return len(harness.telegram.journal(JournalQuery(method=method)))


def wait(harness: ForwarderHarness, seconds: int, method: str = RESOLVE) -> None:
    harness.telegram.inject_fault(FaultSpec(method=method, name=f"FLOOD_WAIT_{seconds}", times=1))


async def test_a_wait_on_resolving_leaves_only_unknown_groups_out_also_after_a_hand_over(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    known, unknown = harness.groups(3, seats), harness.groups(2, seats)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, known, post=TEXT)) == {SENT: 3}
        wait(harness, 900)
        cycle = await harness.begin(seats, [*unknown, *known], post=TEXT)
        assert await harness.finished(cycle) == {SENT: 3, LEFT_OUT: 2}
    assert {one.error for one in (await harness.deliveries(cycle)).values()} == {"", "METHOD_RESTS resolve"}
    before = asked(harness)
    async with harness.working():
        cycle = await harness.begin(seats, [*unknown, *known], post=TEXT)
        assert await harness.finished(cycle) == {SENT: 3, LEFT_OUT: 2}
    assert asked(harness) == before, "the next worker respects the rest, too"
    (rested,) = await harness.events_of(MethodRested)
    assert (rested.session, rested.method, rested.error) == (
        seats[0].session,
        Method.RESOLVE,
        "FLOOD_WAIT_900",
    )
    assert not await harness.events_of(SeatRested)


async def test_a_short_wait_on_resolving_is_waited_for_in_the_cycle(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(2, seats)
    wait(harness, 1)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups, post=TEXT)) == {SENT: 2}
    first, second, _ = harness.telegram.journal(JournalQuery(method=RESOLVE))
    assert second.monotonic - first.monotonic >= 0.95


async def test_a_wait_on_listing_chats_rests_that_alone(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    private, public = (harness.groups(1, seats)[0] for _ in range(2))
    by_id = str(harness.chat(private).marked_id)
    wait(harness, 900, "messages.getDialogs")
    async with harness.working():
        cycle = await harness.begin(seats, [by_id, public], post=TEXT)
        assert await harness.finished(cycle) == {SENT: 1, LEFT_OUT: 1}
    assert (await harness.deliveries(cycle))[by_id].error == "METHOD_RESTS list"


async def test_a_wait_on_a_send_rests_the_account(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    wait(harness, 900, "messages.sendMessage")
    async with harness.working():
        cycle = await harness.begin(seats, harness.groups(2, seats), post=TEXT)
        assert await harness.finished(cycle) == {ResultClass.RATE_LIMITED: 2}
    assert len(await harness.events_of(SeatRested)) == 1
    assert not await harness.events_of(MethodRested)


async def test_unknown_names_are_resolved_within_a_budget_and_the_next_cycle_goes_on(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(5, seats)
    for _ in range(2):
        async with harness.working(resolves_per_minute=3):
            cycle = await harness.begin(seats, groups, post=TEXT)
            assert await harness.finished(cycle) == {SENT: 3, LEFT_OUT: 2}
        assert asked(harness) == 3, "a new worker counts what the last one has asked"
        errors = {one.error for one in (await harness.deliveries(cycle)).values()}
        assert errors == {"", "RESOLVE_BUDGET"}
    await harness.engine.query(
        lambda sql: sql.execute("update pool.method_calls set at = at - $1::interval", timedelta(minutes=1))
    )
    async with harness.working(resolves_per_minute=3):
        assert await harness.finished(await harness.begin(seats, groups, post=TEXT)) == {SENT: 5}
    assert asked(harness) == 5


async def test_the_budget_of_a_session_is_one_for_all_its_adbots(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    async with harness.working(resolves_per_day=2, idle_seconds=60):
        for expected in ({SENT: 2}, {LEFT_OUT: 2}):
            cycle = await harness.begin(seats, harness.groups(2, seats), post=TEXT)
            assert await harness.finished(cycle) == expected
            harness.adbot = AdbotId(new_id())
