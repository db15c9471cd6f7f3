"""A session that one client's adbot passes on to another's brings nothing along; people are no targets."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import SourceBroken
from libs.events.provisioning import SessionReleased
from libs.events.values import AdbotId, ChannelPost, GroupRef, ResultClass, Seat, TextPost
from libs.eventsourcing import EventStream
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import AccountSpec, ChannelSpec, GroupSpec, PostSpec
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness
from tests.integration.forwarder.system import System
from tests.integration.provisioning.harness import FakeService, fake_service, stream_on
from tests.support.waiting import until

TEXT = TextPost(text="fresh bread")


def private_group(harness: ForwarderHarness, seat: Seat) -> GroupRef:
    """Return a group without a public name, by its id."""
    chat = harness.telegram.create_group(GroupSpec(members=[harness.account(seat)]))
    return f"{chat.marked_id}"


def asked(harness: ForwarderHarness, method: str) -> int:
    return len(harness.telegram.journal(JournalQuery(method=method)))


async def known(harness: ForwarderHarness) -> set[tuple[AdbotId, GroupRef]]:
    rows = await harness.engine.query(lambda sql: sql.fetch("select adbot, ref from pool.known_peers"))
    return {(row["adbot"], row["ref"]) for row in rows}


async def test_what_a_session_learnt_for_one_adbot_is_not_used_for_the_next(
    harness: ForwarderHarness,
) -> None:
    """The worker holds the session all the while: neither its memory nor the table may tell."""
    (seat,) = await harness.seats(1)
    first = harness.adbot
    named, private = harness.groups(1, [seat])[0], private_group(harness, seat)
    async with harness.working(idle_seconds=60):
        for _ in range(2):
            cycle = await harness.begin([seat], [named, private], post=TEXT)
            assert await harness.finished(cycle) == {ResultClass.SENT: 2}
        assert (asked(harness, "contacts.resolveUsername"), asked(harness, "messages.getDialogs")) == (1, 1)
        assert (first, private) in await known(harness)
        second = harness.adbot = AdbotId(uuid4())
        cycle = await harness.begin([seat], [named], post=TEXT)
        assert await harness.finished(cycle) == {ResultClass.SENT: 1}
        assert asked(harness, "contacts.resolveUsername") == 2
        assert await known(harness) == {(second, named)}
        cycle = await harness.begin([seat], [private], post=TEXT)
        await harness.finished(cycle)
        assert asked(harness, "messages.getDialogs") == 2
    assert not harness.telegram.held_twice()


async def test_a_group_that_refused_a_session_is_tried_again_for_the_next_adbot(
    harness: ForwarderHarness,
) -> None:
    (seat,) = await harness.seats(1)
    (group,) = harness.groups(1, [seat], GroupSpec(restricted=[harness.account(seat)]))

    async def sends() -> int:
        cycle = await harness.begin([seat], [group], post=TEXT)
        assert await harness.finished(cycle) == {ResultClass.TARGET_DENIED: 1}
        return asked(harness, "messages.sendMessage")

    async with harness.working():
        assert [await sends() for _ in range(2)] == [1, 1]
        harness.adbot = AdbotId(uuid4())
        assert [await sends() for _ in range(2)] == [2, 2]
    denials = await harness.engine.query(lambda sql: sql.fetch("select adbot from denials"))
    assert [row["adbot"] for row in denials] == [harness.adbot]


@pytest.mark.parametrize("whose", ["another's", "its own"])
async def test_a_private_chat_with_a_person_is_neither_written_to_nor_read(
    harness: ForwarderHarness, whose: str
) -> None:
    person = harness.telegram.create_account(AccountSpec(username="somebody_else")).id
    # its own: its saved messages
    seat = await harness.seat_of(person) if whose == "its own" else await harness.seat()
    async with harness.working():
        cycle = await harness.begin([seat], ["@somebody_else"], post=TEXT)
        assert await harness.finished(cycle) == {ResultClass.TARGET_GONE: 1}
        assert (await harness.deliveries(cycle))["@somebody_else"].error == "NOT_A_GROUP"
        read = ChannelPost(channel="@somebody_else", message=1)
        await harness.over(await harness.begin([seat], harness.groups(1, [seat]), post=read))
    assert [one.error for one in await harness.events_of(SourceBroken)] == ["NOT_A_GROUP"]
    for method in ("messages.sendMessage", "messages.forwardMessages", "channels.getMessages"):
        assert asked(harness, method) == 0


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(
    postgres_server: EmbeddedPostgres, settings: ForwarderSettings
) -> AsyncIterator[FakeService]:
    """Provisioning, reduced to its events."""
    stream: EventStream
    async with (
        stream_on(settings.nats_url.get_secret_value(), settings.nats_prefix) as stream,
        fake_service("provisioning", postgres_server, stream) as provisioning,
    ):
        yield provisioning


async def test_what_a_session_learnt_is_deleted_when_it_goes_back_to_stock(
    provisioning: FakeService, system: System
) -> None:
    harness = system.harness
    seats = await harness.seats(2)
    groups = harness.groups(2, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def begun() -> bool:
        return bool(await harness.history(f"cycle-{due.cycle}"))

    await until(begun)
    assert await harness.finished(due.cycle) == {ResultClass.SENT: 2}
    assert {group for _, group in await known(harness)} >= set(groups)
    released = SessionReleased(session=seats[0].session, adbot=harness.adbot)
    await provisioning.publish(f"session-{seats[0].session}", released)

    async def forgotten() -> bool:
        rows = await harness.engine.query(
            lambda sql: sql.fetch("select distinct session from pool.known_peers")
        )
        return [row["session"] for row in rows] == [seats[1].session]

    await until(forgotten)


async def test_a_source_that_a_session_knows_for_one_adbot_is_looked_up_again_for_the_next(
    harness: ForwarderHarness,
) -> None:
    (seat,) = await harness.seats(1)
    members = [harness.account(seat)]
    private = harness.telegram.create_channel(
        ChannelSpec(members=members, posts=[PostSpec(text="for members")])
    )
    post = ChannelPost(channel=str(private.marked_id), message=1)
    groups = harness.groups(1, [seat])
    async with harness.working(idle_seconds=60):
        for listings in (1, 2):
            for _ in range(2):
                cycle = await harness.begin([seat], groups, post=post)
                assert await harness.finished(cycle) == {ResultClass.SENT: 1}
            assert asked(harness, "messages.getDialogs") == listings
            assert {adbot for adbot, _ in await known(harness)} == {harness.adbot}
            harness.adbot = AdbotId(uuid4())
