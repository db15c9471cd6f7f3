"""Seats join the groups where they must be members: rarely, for one adbot, and asking only once."""

from datetime import timedelta

from libs.events.forwarder import AccessDenied, GroupJoined, JoinRequested, MethodRested
from libs.events.values import AdbotId, GroupRef, Method, ResultClass, Seat, TextPost
from libs.eventsourcing import Causes, UnitOfWork
from libs.eventsourcing.values import new_id
from sandbox.telegram.models import ChatView, JournalQuery
from sandbox.telegram.specs import ChatSettings, FaultSpec, GroupSpec, Policy
from services.forwarder.access.commands import Leave
from services.forwarder.access.domain import ACCESS
from services.forwarder.pool.known import forget_peers
from tests.integration.forwarder.harness import ForwarderHarness

SENT, LEFT_OUT, DENIED = ResultClass.SENT, ResultClass.LEFT_OUT, ResultClass.TARGET_DENIED
GONE = ResultClass.TARGET_GONE
TEXT = TextPost(text="fresh bread")
BY_LINK, BY_NAME = "messages.importChatInvite", "channels.joinChannel"


def joins(harness: ForwarderHarness, method: str = BY_LINK) -> int:
    return len(harness.telegram.journal(JournalQuery(method=method)))


def by_link(harness: ForwarderHarness, **spec: object) -> tuple[ChatView, GroupRef]:
    chat = harness.telegram.create_group(GroupSpec.model_validate(spec))
    return chat, "+" + chat.invite_link.rpartition("+")[2]


async def outcome(harness: ForwarderHarness, seats: list[Seat], *groups: GroupRef) -> list[str]:
    """Send to groups; return the error of each, or its class if it has none."""
    cycle = await harness.begin(seats, groups, post=TEXT)
    await harness.finished(cycle)
    found = await harness.deliveries(cycle)
    return [found[group].error or found[group].result for group in groups]


async def release(harness: ForwarderHarness, seat: Seat) -> None:
    """Take a seat from its adbot, as the release of a session does."""

    async def work(unit: UnitOfWork) -> None:
        await forget_peers(unit.flushed, seat.session)
        await unit.execute(ACCESS, harness.adbot, Leave(seat.session))

    await harness.engine.run(work, Causes.first("test"))


async def test_a_seat_joins_by_an_invite_link_and_stays_the_one_that_serves_the_group(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(3)
    chat, link = by_link(harness)
    async with harness.working(joins_per_day=5):
        for _ in range(3):
            assert await outcome(harness, seats, link) == [SENT]
    assert len(harness.telegram.messages(chat.id)) == 3
    assert joins(harness) == 1
    (joined,) = await harness.events_of(GroupJoined)
    assert (joined.group, joined.chat, joined.approved) == (link, chat.id, False)


async def test_a_seat_joins_a_public_group_that_takes_posts_of_members_only(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, [], GroupSpec(join_to_send=True))
    (closed,) = harness.groups(1, [])
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, seats, group, closed) == [SENT, SENT]
        assert await outcome(harness, seats, group, closed) == [SENT, SENT]
    assert joins(harness, BY_NAME) == 2
    assert not await harness.events_of(AccessDenied)


async def test_nobody_joins_if_the_operator_has_switched_it_off(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    _, link = by_link(harness)
    (group,) = harness.groups(1, [], GroupSpec(join_to_send=True))
    async with harness.working(joins_per_day=0):
        wanted = ["NOT_A_MEMBER", "CHAT_GUEST_SEND_FORBIDDEN"]
        assert await outcome(harness, seats, link, group) == wanted
    assert joins(harness) + joins(harness, BY_NAME) == 0


async def test_one_seat_asks_where_an_admin_must_approve_and_looks_later(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    chat, link = by_link(harness, join_request=True)
    async with harness.working(joins_per_day=5):
        for _ in range(3):
            assert await outcome(harness, seats, link) == ["JOIN_REQUESTED"]
        assert joins(harness) == 1
        (asking,) = harness.telegram.chat(chat.id).requests
        harness.telegram.answer_request(chat.id, asking)
        assert await outcome(harness, seats, link) == ["JOIN_REQUESTED"], "it looks once an hour"
    async with harness.working(joins_per_day=5, join_check_seconds=0):
        assert await outcome(harness, seats, link) == [SENT]
    assert joins(harness) == 1
    (requested,) = await harness.events_of(JoinRequested)
    (joined,) = await harness.events_of(GroupJoined)
    assert requested.session == joined.session
    assert joined.approved
    assert not await harness.events_of(AccessDenied)


async def test_a_request_to_a_public_group_is_looked_after_without_sends(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, [], GroupSpec(join_to_send=True, join_request=True))
    async with harness.working(joins_per_day=5, join_check_seconds=0):
        for _ in range(3):
            assert await outcome(harness, seats, group) == ["JOIN_REQUESTED"]
        assert joins(harness, BY_NAME) == 1
        assert len(harness.telegram.journal(JournalQuery(method="messages.sendMessage"))) == 1
        harness.telegram.answer_request(harness.chat_id(group), harness.account(seats[0]))
        assert await outcome(harness, seats, group) == [SENT]


async def test_a_request_that_nobody_answers_leaves_the_group_to_another_seat_after_a_week(
    harness: ForwarderHarness,
) -> None:
    first, second = await harness.seats(2)
    _, link = by_link(harness, join_request=True)
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, [first], link) == ["JOIN_REQUESTED"]
        assert await outcome(harness, [second], link) == ["JOIN_REQUESTED"]
        assert joins(harness) == 1
        await harness.engine.query(
            lambda sql: sql.execute("update memberships set at = at - $1::interval", timedelta(days=8))
        )
        assert await outcome(harness, [second], link) == ["JOIN_REQUESTED"]
        assert await outcome(harness, [first], link) == ["JOIN_REQUESTED"]
    assert joins(harness) == 2
    assert len(await harness.events_of(JoinRequested)) == 2


async def test_joins_are_few_and_far_between(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    links = [by_link(harness)[1] for _ in range(4)]
    async with harness.working(joins_per_day=3, join_distance_seconds=600):
        assert sorted(await outcome(harness, seats, *links)) == ["JOIN_BUDGET"] * 3 + [SENT]
    moved = "update pool.method_calls set at = at - $1::interval where method = 'join'"
    await harness.engine.query(lambda sql: sql.execute(moved, timedelta(hours=1)))
    async with harness.working(joins_per_day=3):
        assert sorted(await outcome(harness, seats, *links)) == ["JOIN_BUDGET", SENT, SENT, SENT]
    await harness.engine.query(lambda sql: sql.execute(moved, timedelta(days=1)))
    async with harness.working(joins_per_day=3):
        assert await outcome(harness, seats, *links) == [SENT] * 4
    assert joins(harness) == 4
    assert not await harness.events_of(AccessDenied)


async def test_a_wait_on_joining_rests_joining_alone(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    _, link = by_link(harness)
    (group,) = harness.groups(1, seats)
    harness.telegram.inject_fault(FaultSpec(method=BY_LINK, name="FLOOD_WAIT_900", times=1))
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, seats, link, group) == ["METHOD_RESTS join", SENT]
    assert [one.method for one in await harness.events_of(MethodRested)] == [Method.JOIN]


async def test_an_account_with_too_many_chats_leaves_the_group_to_another(harness: ForwarderHarness) -> None:
    full, free = await harness.seats(2)
    harness.groups(4, [full])
    harness.telegram.set_policy(Policy(channel_limit=4))
    links = [by_link(harness)[1] for _ in range(2)]
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, [full], links[0]) == ["TOO_MANY_CHATS"]
        assert await outcome(harness, [full], links[1]) == ["TOO_MANY_CHATS"]
        assert joins(harness) == 1, "the answer holds for other groups, too"
        assert await outcome(harness, [full, free], *links) == [SENT, SENT]


async def test_a_group_that_removed_a_seat_is_not_joined_again(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    chat, link = by_link(harness)
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, seats, link) == [SENT]
        harness.telegram.remove_member(chat.id, harness.account(seats[0]))
        assert await outcome(harness, seats, link) == ["CHANNEL_PRIVATE"]
    assert joins(harness) == 1


async def test_a_link_to_approve_of_gives_no_access_to_the_next_adbot_of_a_session(
    harness: ForwarderHarness,
) -> None:
    """The account is a member, but an admin let it in for another client."""
    (seat,) = await harness.seats(1)
    chat, link = by_link(harness, join_request=True)
    open_chat, open_link = by_link(harness)
    async with harness.working(joins_per_day=5, join_check_seconds=0):
        assert await outcome(harness, [seat], link, open_link) == ["JOIN_REQUESTED", SENT]
        harness.telegram.answer_request(chat.id, harness.account(seat))
        assert await outcome(harness, [seat], link) == [SENT]
        harness.telegram.change_chat(chat.id, ChatSettings(join_request=False))
        await release(harness, seat)
        harness.adbot = AdbotId(new_id())
        assert await outcome(harness, [seat], link, open_link) == ["JOINED_FOR_ANOTHER", SENT]
        assert len(harness.telegram.messages(chat.id)) == 1
        assert len(harness.telegram.messages(open_chat.id)) == 2
    rows = await harness.engine.query(lambda sql: sql.fetch("select adbot from memberships"))
    assert rows == [], "what was joined for the first adbot is forgotten"


async def test_a_member_by_hand_of_a_group_with_approval_is_not_used_by_link(
    harness: ForwarderHarness,
) -> None:
    (seat,) = await harness.seats(1)
    chat, link = by_link(harness, join_request=True, members=[harness.account(seat)])
    async with harness.working(joins_per_day=5):
        assert await outcome(harness, [seat], link) == ["JOINED_FOR_ANOTHER"]
        assert await outcome(harness, [seat], str(chat.marked_id)) == [SENT], "an id needs a permission"
