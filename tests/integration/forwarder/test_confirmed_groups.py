"""A client's word that a group is alive lifts its denials; a seat that leaves takes its denials along."""

from collections.abc import AsyncIterator

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import AccessRegained, RegainReason
from libs.events.provisioning import SessionReleased
from libs.events.scheduler import GroupConfirmed
from libs.events.values import GroupRef, ResultClass, Seat
from sandbox.telegram.specs import GroupSpec, MemberStatus
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.harness import ForwarderHarness
from tests.integration.forwarder.system import System
from tests.integration.provisioning.harness import FakeService, fake_service, stream_on
from tests.support.waiting import until


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(
    postgres_server: EmbeddedPostgres, settings: ForwarderSettings
) -> AsyncIterator[FakeService]:
    """Provisioning, reduced to its events."""
    async with (
        stream_on(settings.nats_url.get_secret_value(), settings.nats_prefix) as stream,
        fake_service("provisioning", postgres_server, stream) as provisioning,
    ):
        yield provisioning


async def counts(system: System, seats: list[Seat], groups: list[GroupRef]) -> dict[ResultClass, int]:
    """Return the results of a cycle."""
    due = system.due(seats, groups)
    await system.publish("schedule", due)

    async def begun() -> bool:
        return bool(await system.harness.history(f"cycle-{due.cycle}"))

    await until(begun)
    return await system.harness.finished(due.cycle)


async def regained(harness: ForwarderHarness, why: RegainReason) -> None:
    """Wait until denials ended for a reason."""

    async def ended() -> bool:
        return why in {one.why for one in await harness.events_of(AccessRegained)}

    await until(ended)


async def test_a_group_that_its_client_confirms_is_asked_again(
    provisioning: FakeService, system: System
) -> None:
    harness = system.harness
    seats = await harness.seats(1)
    account = harness.account(seats[0])
    (group,) = harness.groups(1, seats, GroupSpec(restricted=[account]))
    for _ in range(2):
        assert await counts(system, seats, [group]) == {ResultClass.TARGET_DENIED: 1}
    assert len(harness.sent()) == 1
    harness.telegram.set_member(harness.chat_id(group), account, MemberStatus.MEMBER)
    await system.publish("confirmations", GroupConfirmed(adbot=harness.adbot, group=group))
    await regained(harness, RegainReason.LIFTED)
    assert await counts(system, seats, [group]) == {ResultClass.SENT: 1}
    (restricted,) = harness.groups(1, seats, GroupSpec(restricted=[account]))
    assert await counts(system, seats, [restricted]) == {ResultClass.TARGET_DENIED: 1}
    released = SessionReleased(session=seats[0].session, adbot=harness.adbot)
    await provisioning.publish(f"session-{seats[0].session}", released)
    await regained(harness, RegainReason.SEAT_LEFT)
    assert await harness.engine.query(lambda sql: sql.fetchval("select count(*) from denials")) == 0
