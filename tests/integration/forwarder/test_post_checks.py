"""Each seat looks at posts before anything is sent: whether it can read them, and may forward them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from libs.events.forwarder import (
    AccessDenied,
    AccessRegained,
    MethodRested,
    PostChecked,
    PostFinding,
    RegainReason,
    SeatRested,
)
from libs.events.scheduler import PostCheckRequested
from libs.events.values import AccountId, ChannelPost, Method, Party, PostCheckId, ResultClass, Seat
from libs.eventsourcing import Cause
from libs.eventsourcing.values import new_id, utc_now
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import ChannelSpec, ChatSettings, FaultAction, FaultSpec, MemberStatus, PostSpec
from services.forwarder.pool.post_checks import request
from services.forwarder.pool.tasks import forget_post_checks, forget_tasks
from tests.integration.forwarder.harness import ALBUM, POST, SOURCE, ForwarderHarness
from tests.integration.forwarder.system import System
from tests.support.waiting import until

MISSING = ChannelPost(channel=SOURCE, message=99)
READ = "channels.getMessages"
PERIOD = 3600.0


async def ask(
    harness: ForwarderHarness, seats: Sequence[Seat], *posts: ChannelPost, seconds: float = 60
) -> None:
    check, now = PostCheckId(uuid4()), utc_now()
    event = PostCheckRequested(
        check=check,
        adbot=harness.adbot,
        account=AccountId(uuid4()),
        posts=posts or (POST,),
        seats=tuple(seats),
        requested_at=now,
        expires_at=now + timedelta(seconds=seconds),
    )
    await harness.engine.query(lambda sql: request(sql, event, Cause(new_id(), new_id())))


async def answers(harness: ForwarderHarness, count: int) -> dict[object, tuple[PostFinding, ...]]:
    """Wait for so many answers; return what each seat found out last."""
    events = await until(lambda: harness.events_of(PostChecked), lambda found: len(found) >= count)
    return {event.session: event.findings for event in events}


def forwardable(post: ChannelPost, *, may: bool = True) -> PostFinding:
    return PostFinding(post=post, readable=True, forwardable=may)


def unreadable(post: ChannelPost, error: str) -> PostFinding:
    return PostFinding(post=post, readable=False, forwardable=False, error=error)


async def test_each_seat_says_what_it_can_read_and_forward(harness: ForwarderHarness) -> None:
    inside, outside = await harness.seats(2)
    source = harness.chat_id(SOURCE)
    harness.telegram.set_member(source, harness.account(outside), MemberStatus.BANNED)
    harness.telegram.create_channel(
        ChannelSpec(username="guarded", noforwards=True, posts=[PostSpec(text="x")])
    )
    guarded = ChannelPost(channel="@guarded", message=1)
    await ask(harness, [inside, outside], POST, ALBUM, guarded, MISSING)
    async with harness.working(health_check_seconds=PERIOD) as (pool,):
        found = await answers(harness, 2)

        async def all_released() -> bool:
            return not pool.held

        await until(all_released)
    assert found[inside.session] == (
        forwardable(POST),
        forwardable(ALBUM),
        unreadable(MISSING, "MESSAGE_ID_INVALID"),
        forwardable(guarded, may=False),
    )
    assert found[outside.session] == (
        *(unreadable(post, "CHANNEL_PRIVATE") for post in (POST, ALBUM, MISSING)),
        forwardable(guarded, may=False),
    )
    reads = harness.telegram.journal(JournalQuery(method=READ, account=harness.account(inside)))
    assert len(reads) == 2, "one request for each channel"
    assert not harness.sent()
    assert not await harness.engine.query(
        lambda sql: sql.fetch("select from pool.tasks where kind <> 'HEALTH'")
    )


async def test_what_a_seat_can_not_read_is_remembered_until_it_can(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    source, outside = harness.chat_id(SOURCE), harness.account(seats[0])
    harness.telegram.set_member(source, outside, MemberStatus.BANNED)
    await ask(harness, seats[:1])
    async with harness.working(health_check_seconds=PERIOD):
        await answers(harness, 1)
        (denied,) = await harness.events_of(AccessDenied)
        assert (denied.party, denied.session, denied.ref) == (Party.SEAT_AT_SOURCE, seats[0].session, SOURCE)
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
        assert not harness.sent(seats[0]), "the cycle gave its groups to the other seat"
        harness.telegram.set_member(source, outside, MemberStatus.MEMBER)
        await ask(harness, seats[:1])
        found = await answers(harness, 2)
    assert found[seats[0].session] == (forwardable(POST),)
    (regained,) = await harness.events_of(AccessRegained)
    assert (regained.why, regained.ref) == (RegainReason.READ, SOURCE)


async def test_trouble_is_waited_out_and_a_check_that_is_over_is_not_answered(
    harness: ForwarderHarness,
) -> None:
    late, slow = await harness.seats(2)
    harness.telegram.inject_fault(FaultSpec(method=READ, name="FLOOD_WAIT_1", times=1))
    await ask(harness, [slow])
    await ask(harness, [late], seconds=0)
    async with harness.working(health_check_seconds=PERIOD):
        assert set(await answers(harness, 1)) == {slow.session}
    await harness.engine.query(forget_tasks)
    rows = await harness.engine.query(
        lambda sql: sql.fetch("select from pool.tasks where kind = 'POST_CHECK'")
    )
    assert not rows
    assert not harness.telegram.journal(JournalQuery(method=READ, account=harness.account(late)))


async def test_a_seat_that_leaves_the_adbot_does_not_answer(harness: ForwarderHarness) -> None:
    (seat,) = await harness.seats(1)
    await ask(harness, [seat])
    held = harness.telegram.inject_fault(FaultSpec(method=READ, action=FaultAction.HOLD))

    async def reading() -> bool:
        return harness.telegram.faults()[0].struck > 0

    async with harness.working(health_check_seconds=PERIOD) as (pool,):
        await until(reading)
        await harness.engine.query(lambda sql: forget_post_checks(sql, seat.session))
        harness.telegram.remove_fault(held.id)

        async def released() -> bool:
            return not pool.held

        await until(released)
    assert not await harness.events_of(PostChecked)


async def test_a_protected_source_says_so_before_a_cycle_breaks(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    harness.telegram.change_chat(harness.chat_id(SOURCE), ChatSettings(noforwards=True))
    await ask(harness, seats)
    async with harness.working(health_check_seconds=PERIOD):
        assert await answers(harness, 1) == {seats[0].session: (forwardable(POST, may=False),)}
    assert not await harness.events_of(AccessDenied)


async def test_the_schedulers_request_is_answered(system: System) -> None:
    harness = system.harness
    seat = await system.upload()
    now = utc_now()
    event = PostCheckRequested(
        check=PostCheckId(uuid4()),
        adbot=harness.adbot,
        account=AccountId(uuid4()),
        posts=(POST,),
        seats=(seat,),
        requested_at=now,
        expires_at=now + timedelta(minutes=2),
    )
    await system.publish("postchecks", event)
    assert await answers(harness, 1) == {seat.session: (forwardable(POST),)}
    (answer,) = await harness.history(f"postcheck-{event.check}")
    async with system.scheduler.pool.acquire() as connection:
        asked = await connection.fetchrow("select id, correlation_id from engine.events")
    assert asked is not None
    assert (answer.envelope.causation_id, answer.envelope.correlation_id) == tuple(asked)


async def test_a_wait_on_a_method_lasts_beyond_the_check_that_met_it(harness: ForwarderHarness) -> None:
    """Each check is done under a lease of its own: nothing of the first one is in memory."""
    seats = await harness.seats(1)
    resolving = "contacts.resolveUsername"
    harness.telegram.inject_fault(FaultSpec(method=resolving, name="FLOOD_WAIT_900", times=1))
    for count in (1, 2):
        await ask(harness, seats)
        async with harness.working(health_check_seconds=PERIOD):
            found = await answers(harness, count)
        assert found[seats[0].session] == (unreadable(POST, "METHOD_RESTS resolve"),)
    assert len(harness.telegram.journal(JournalQuery(method=resolving))) == 1
    assert [one.method for one in await harness.events_of(MethodRested)] == [Method.RESOLVE]


async def test_a_wait_on_reading_posts_rests_the_account(harness: ForwarderHarness) -> None:
    """As in a cycle, which reads posts by the same method: a second check does not ask within the wait."""
    seats = await harness.seats(1)
    harness.telegram.inject_fault(FaultSpec(method=READ, name="FLOOD_WAIT_900", times=1))
    await ask(harness, seats)
    async with harness.working(health_check_seconds=PERIOD):
        (rested,) = await until(lambda: harness.events_of(SeatRested), bool)
        assert (rested.session, rested.error) == (seats[0].session, "FLOOD_WAIT_900")
        await ask(harness, seats)
        assert await harness.finished(await harness.begin(seats, harness.groups(1, seats))) == {
            ResultClass.RATE_LIMITED: 1
        }
    assert len(harness.telegram.journal(JournalQuery(method=READ))) == 1
