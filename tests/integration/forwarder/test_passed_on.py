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
from sandbox.telegram.specs import AccountSpec, GroupSpec
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.stage import Stage
from tests.integration.forwarder.system import System
from tests.integration.provisioning.neighbours import Neighbour, neighbour, stream_on
from tests.support.waiting import until

TEXT = TextPost(text="fresh bread")


def private_group(stage: Stage, seat: Seat) -> GroupRef:
    """Return a group without a public name, by its id."""
    chat = stage.telegram.create_group(GroupSpec(members=[stage.account(seat)]))
    return f"{chat.marked_id}"


def asked(stage: Stage, method: str) -> int:
    return len(stage.telegram.journal(JournalQuery(method=method)))


async def known(stage: Stage) -> set[tuple[AdbotId, GroupRef]]:
    rows = await stage.engine.query(lambda sql: sql.fetch("select adbot, ref from pool.known_peers"))
    return {(row["adbot"], row["ref"]) for row in rows}


async def test_what_a_session_learnt_for_one_adbot_is_not_used_for_the_next(stage: Stage) -> None:
    """The worker holds the session all the while: neither its memory nor the table may tell."""
    (seat,) = await stage.seats(1)
    first = stage.adbot
    named, private = stage.groups(1, [seat])[0], private_group(stage, seat)
    async with stage.working(idle_seconds=60):
        for _ in range(2):
            cycle = await stage.begin([seat], [named, private], post=TEXT)
            assert await stage.finished(cycle) == {ResultClass.SENT: 2}
        assert (asked(stage, "contacts.resolveUsername"), asked(stage, "messages.getDialogs")) == (1, 1)
        assert (first, private) in await known(stage)
        second = stage.adbot = AdbotId(uuid4())
        cycle = await stage.begin([seat], [named], post=TEXT)
        assert await stage.finished(cycle) == {ResultClass.SENT: 1}
        assert asked(stage, "contacts.resolveUsername") == 2
        assert await known(stage) == {(second, named)}
        cycle = await stage.begin([seat], [private], post=TEXT)
        await stage.finished(cycle)
        assert asked(stage, "messages.getDialogs") == 2
    assert not stage.telegram.held_twice()


async def test_a_group_that_refused_a_session_is_tried_again_for_the_next_adbot(stage: Stage) -> None:
    (seat,) = await stage.seats(1)
    (group,) = stage.groups(1, [seat], GroupSpec(restricted=[stage.account(seat)]))

    async def sends() -> int:
        cycle = await stage.begin([seat], [group], post=TEXT)
        assert await stage.finished(cycle) == {ResultClass.TARGET_DENIED: 1}
        return asked(stage, "messages.sendMessage")

    async with stage.working():
        assert [await sends() for _ in range(2)] == [1, 1]
        stage.adbot = AdbotId(uuid4())
        assert [await sends() for _ in range(2)] == [2, 2]
    denials = await stage.engine.query(lambda sql: sql.fetch("select adbot from denials"))
    assert [row["adbot"] for row in denials] == [stage.adbot]


@pytest.mark.parametrize("whose", ["another's", "its own"])
async def test_a_private_chat_with_a_person_is_neither_written_to_nor_read(stage: Stage, whose: str) -> None:
    person = stage.telegram.create_account(AccountSpec(username="somebody_else")).id
    # its own: its saved messages
    seat = await stage.seat_of(person) if whose == "its own" else await stage.seat()
    async with stage.working():
        cycle = await stage.begin([seat], ["@somebody_else"], post=TEXT)
        assert await stage.finished(cycle) == {ResultClass.TARGET_GONE: 1}
        assert (await stage.deliveries(cycle))["@somebody_else"].error == "NOT_A_GROUP"
        read = ChannelPost(channel="@somebody_else", message=1)
        await stage.over(await stage.begin([seat], stage.groups(1, [seat]), post=read))
    assert [one.error for one in await stage.events_of(SourceBroken)] == ["NOT_A_GROUP"]
    for method in ("messages.sendMessage", "messages.forwardMessages", "channels.getMessages"):
        assert asked(stage, method) == 0


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(
    postgres_server: EmbeddedPostgres, settings: ForwarderSettings
) -> AsyncIterator[Neighbour]:
    """Provisioning, reduced to its events."""
    stream: EventStream
    async with (
        stream_on(settings.nats_url.get_secret_value(), settings.nats_prefix) as stream,
        neighbour("provisioning", postgres_server, stream) as provisioning,
    ):
        yield provisioning


async def test_what_a_session_learnt_is_deleted_when_it_goes_back_to_stock(
    provisioning: Neighbour, system: System
) -> None:
    stage = system.stage
    seats = await stage.seats(2)
    groups = stage.groups(2, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def begun() -> bool:
        return bool(await stage.history(f"cycle-{due.cycle}"))

    await until(begun)
    assert await stage.finished(due.cycle) == {ResultClass.SENT: 2}
    assert {group for _, group in await known(stage)} >= set(groups)
    released = SessionReleased(session=seats[0].session, adbot=stage.adbot)
    await provisioning.publish(f"session-{seats[0].session}", released)

    async def forgotten() -> bool:
        rows = await stage.engine.query(
            lambda sql: sql.fetch("select distinct session from pool.known_peers")
        )
        return [row["session"] for row in rows] == [seats[1].session]

    await until(forgotten)
