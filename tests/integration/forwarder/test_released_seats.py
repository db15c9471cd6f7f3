"""Sessions that went back to stock serve another adbot, and never two at once."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import AbortReason, CycleAborted
from libs.events.provisioning import SeatsReleased, SessionReleased
from libs.events.values import AdbotId, ApplicationId, ResultClass
from libs.eventsourcing import EventStream
from services.forwarder.settings import ForwarderSettings
from services.forwarder.tables.adbots import released_from
from services.forwarder.vault.store import TelegramApplication
from tests.integration.forwarder.system import System
from tests.integration.provisioning.harness import FakeService, fake_service, stream_on
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def stream(settings: ForwarderSettings) -> AsyncIterator[EventStream]:
    """The stream that the system under test reads."""
    async with stream_on(settings.nats_url.get_secret_value(), settings.nats_prefix) as stream:
        yield stream


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres, stream: EventStream) -> AsyncIterator[FakeService]:
    """Provisioning, reduced to its events."""
    async with fake_service("provisioning", postgres_server, stream) as provisioning:
        yield provisioning


async def test_a_released_session_leaves_its_adbots_cycle_and_serves_another_through_another_pair(
    provisioning: FakeService, system: System
) -> None:
    harness = system.harness
    seats = await harness.seats(2)
    groups, others = harness.groups(200, seats), harness.groups(4, seats)
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def under_way() -> bool:
        return len(harness.sent()) >= 4

    await until(under_way)
    await provisioning.publish(f"adbot-{harness.adbot}", SeatsReleased(adbot=harness.adbot))
    end = await harness.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    pair = ApplicationId(uuid4())
    await harness.engine.query(
        lambda sql: harness.vault.put_application(sql, pair, TelegramApplication(815, "ab" * 16))
    )
    other = system.due([seat.model_copy(update={"pair": pair}) for seat in seats], others)
    other = other.model_copy(update={"adbot": AdbotId(uuid4())})
    await system.publish("schedule", other)

    async def begun() -> bool:
        return bool(await harness.history(f"cycle-{other.cycle}"))

    await until(begun)
    assert await harness.finished(other.cycle) == {ResultClass.SENT: 4}
    assert harness.copies(others) == {1: 4}
    assert len([group for group in groups if harness.messages(group)]) < len(groups)
    assert not harness.telegram.held_twice()


async def test_a_cycle_that_came_due_before_its_sessions_were_released_does_not_use_them(
    provisioning: FakeService, system: System
) -> None:
    harness = system.harness
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    due = system.due(seats, groups)
    for seat in seats:
        released = SessionReleased(session=seat.session, adbot=harness.adbot)
        await provisioning.publish(f"session-{seat.session}", released)

    async def heard() -> bool:
        found = await harness.engine.query(
            lambda sql: released_from(sql, harness.adbot, [seat.session for seat in seats])
        )
        return len(found) == len(seats)

    await until(heard)
    await system.publish("schedule", due)
    end = await harness.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert (end.reason, harness.sent()) == (AbortReason.NO_SEATS, [])
    other = system.due(seats, groups).model_copy(update={"adbot": AdbotId(uuid4())})
    await system.publish("schedule", other)
    assert await harness.finished(other.cycle) == {ResultClass.SENT: 4}
