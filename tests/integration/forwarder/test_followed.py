"""Groups are followed: to the supergroup that they became, and by their id; topics are looked for."""

from libs.events.forwarder import AccessDenied, GroupMoved
from libs.events.values import GroupRef, Pacing, ResultClass, Seat, TextPost
from sandbox.telegram.models import ChatView, JournalQuery
from sandbox.telegram.specs import ChatSettings, FaultSpec, GroupSpec, TopicSpec
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until

SENT = ResultClass.SENT
TEXT = TextPost(text="fresh bread")
SLOWLY = Pacing(delay_seconds=0.2)


def asked(harness: ForwarderHarness, method: str) -> int:
    return len(harness.telegram.journal(JournalQuery(method=method)))


def basic_group(harness: ForwarderHarness, seats: list[Seat]) -> tuple[ChatView, GroupRef]:
    members = [harness.account(seat) for seat in seats]
    chat = harness.telegram.create_group(GroupSpec(basic=True, members=members))
    return chat, "+" + chat.invite_link.rpartition("+")[2]


async def outcome(harness: ForwarderHarness, seats: list[Seat], *groups: GroupRef) -> list[str]:
    cycle = await harness.begin(seats, groups, post=TEXT)
    await harness.finished(cycle)
    found = await harness.deliveries(cycle)
    return [found[group].error or found[group].result for group in groups]


async def test_a_basic_group_gets_posts_and_is_followed_to_its_supergroup(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    basic, link = basic_group(harness, seats)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, [link])) == {SENT: 1}
        made = harness.telegram.migrate(basic.id)
        for _ in range(2):
            assert await harness.finished(await harness.begin(seats, [link])) == {SENT: 1}
    assert len(harness.telegram.messages(basic.id)) == 1
    assert len(harness.telegram.messages(made.id)) == 2
    (moved,) = await harness.events_of(GroupMoved)
    assert (moved.group, moved.chat, moved.name) == (link, str(made.marked_id), None)
    assert asked(harness, "messages.checkChatInvite") == 1, "it is known by its id"
    assert not await harness.events_of(AccessDenied)


async def test_a_group_that_migrates_in_mid_cycle_gets_the_post_once(harness: ForwarderHarness) -> None:
    """It was sent to as a basic group; then another reference leads to the supergroup."""
    seats = await harness.seats(1)
    basic, link = basic_group(harness, seats)
    others = harness.groups(3, seats)
    cycle = await harness.begin(seats, [link, *others, f"{link}/1"], post=TEXT, pacing=SLOWLY)

    async def sent() -> bool:
        return bool(harness.telegram.messages(basic.id))

    async with harness.working():
        await until(sent)
        made = harness.telegram.migrate(basic.id)
        await harness.finished(cycle)
        assert await harness.finished(await harness.begin(seats, [link, f"{link}/1"], post=TEXT)) == {
            SENT: 1,
            ResultClass.ALREADY_SENT: 1,
        }
    assert len(harness.telegram.messages(basic.id)) + len(harness.telegram.messages(made.id)) == 2


async def test_claims_of_a_chat_count_for_the_chat_that_it_became(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    basic, link = basic_group(harness, seats)
    (other,) = harness.groups(1, seats)
    async with harness.working():
        assert await outcome(harness, seats, link) == [SENT]
        cycle = await harness.begin(seats, [other, link], post=TEXT)
        await harness.engine.query(
            lambda sql: sql.execute(
                "insert into pool.claims values ($1, $2, 1, '+written_otherwise')", cycle, -basic.id
            )
        )
        harness.telegram.migrate(basic.id)
        await harness.finished(cycle)
        found = (await harness.deliveries(cycle))[link]
    assert found.error == "SAME_AS +written_otherwise"


async def test_a_group_that_was_renamed_is_followed_by_its_id_and_the_client_is_told_once(
    harness: ForwarderHarness,
) -> None:
    """Its name belongs to another group now, which the client did not mean."""
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats)
    chat = harness.chat(group).id
    async with harness.working():
        assert await outcome(harness, seats, group) == [SENT]
        harness.telegram.change_chat(chat, ChatSettings(username="another_name"))
        squatter = harness.telegram.create_group(
            GroupSpec(username=group[1:], members=[harness.account(seats[0])])
        )
        for _ in range(3):
            assert await outcome(harness, seats, group) == [SENT]
        harness.telegram.inject_fault(
            FaultSpec(method="messages.sendMessage", name="CHANNEL_PRIVATE", times=2)
        )
        assert await outcome(harness, seats, group) == ["CHANNEL_PRIVATE"]
    assert len(harness.telegram.messages(chat)) == 4
    assert not harness.telegram.messages(squatter.id)
    assert asked(harness, "contacts.resolveUsername") == 1
    (moved,) = await harness.events_of(GroupMoved)
    assert (moved.group, moved.chat, moved.name) == (
        group,
        str(harness.telegram.chat(chat).marked_id),
        "@another_name",
    )


async def test_a_seat_that_does_not_know_a_renamed_group_finds_it_by_the_id_of_another_seat(
    harness: ForwarderHarness,
) -> None:
    first, inside, outside = await harness.seats(3)
    (group,) = harness.groups(1, [first, inside])
    chat = harness.chat(group).id
    async with harness.working():
        assert await outcome(harness, [first], group) == [SENT]
        harness.telegram.change_chat(chat, ChatSettings(username=""))
        assert await outcome(harness, [inside], group) == [SENT]
        assert await outcome(harness, [outside], group) == ["NAME_MOVED"]
        squatter = harness.telegram.create_group(
            GroupSpec(username=group[1:], members=[harness.account(outside)])
        )
        assert await outcome(harness, [outside], group) == ["NAME_MOVED"]
        assert await outcome(harness, [first, outside], group) == [SENT]
    assert len(harness.telegram.messages(chat)) == 3
    assert not harness.telegram.messages(squatter.id)


async def test_topics_of_a_group_without_any_are_refused_before_anything_is_sent(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    (plain,) = harness.groups(1, seats)
    (forum,) = harness.groups(1, seats, GroupSpec(topics=[TopicSpec(id=7)]))
    async with harness.working():
        invented = [f"{plain}/{topic}" for topic in (5, 6, 7)]
        wanted = ["NO_TOPICS"] * 3 + [SENT, SENT]
        assert await outcome(harness, seats, *invented, f"{plain}/1", f"{forum}/7") == wanted
        assert await outcome(harness, seats, f"{forum}/7") == [SENT]
    assert len(harness.messages(plain)) == 1
    assert [one.topic for one in harness.messages(forum)] == [7, 7]
    assert asked(harness, "messages.sendMessage") == 3
    denied = await harness.events_of(AccessDenied)
    assert {(one.result, one.error) for one in denied} == {(ResultClass.TARGET_GONE, "NO_TOPICS")}


async def test_a_group_that_got_topics_is_looked_at_again(harness: ForwarderHarness) -> None:
    seats = await harness.seats(1)
    (group,) = harness.groups(1, seats)
    async with harness.working():
        assert await outcome(harness, seats, group) == [SENT]
        harness.telegram.change_chat(harness.chat_id(group), ChatSettings(topics=[TopicSpec(id=7)]))
        assert await outcome(harness, seats, f"{group}/7") == [SENT]
    assert asked(harness, "contacts.resolveUsername") == 1
