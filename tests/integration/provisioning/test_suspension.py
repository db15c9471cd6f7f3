"""Refunds, and what operators do to adbots, on real servers."""

from datetime import UTC, datetime, timedelta

import pytest

from libs.chassis.command_client import CommandClient
from libs.events.provisioning import (
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    ExtendAdbot,
    RestoreAdbot,
    SeatFilled,
    SeatsAwaited,
    SeatsReleased,
    SessionReleased,
    SuspendAdbot,
)
from libs.eventsourcing import Causes, EventStream
from services.provisioning.adbot.domain import adbot_of
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.provisioning.market import (
    ORDERS,
    SESSIONS,
    import_pair,
    pay,
    refund,
    service,
    sold_before,
    stock_up,
)
from tests.integration.provisioning.neighbours import Neighbour, World

DAY = timedelta(days=1)
FIRST = adbot_of(ORDERS[0])


@pytest.fixture
def client(stream: EventStream, stream_prefix: str) -> CommandClient:
    return CommandClient(stream.nats, prefix=stream_prefix, timeout_seconds=DEADLINE_SECONDS)


def now() -> datetime:
    return datetime.now(UTC)


# -- refunds


async def test_a_refund_suspends_the_adbot_that_the_order_made_or_renewed(
    world: World, billing: Neighbour
) -> None:
    await sold_before(world, ORDERS[:2], now())
    second = adbot_of(ORDERS[1])
    async with service(world):
        await pay(billing, ORDERS[2], renews=second)
        await refund(billing, ORDERS[2])
        await refund(billing, ORDERS[0])
        await refund(billing, ORDERS[1])
        await refund(billing, ORDERS[5])
        await pay(billing, ORDERS[6])
        await world.says(AdbotProvisioned, 3)
    suspended = await world.said(AdbotSuspended)
    assert [it.adbot for it in suspended] == [second, FIRST]
    assert suspended[0].reason == f"order {ORDERS[2]} was refunded: not happy"
    assert await world.value("select count(*) from engine.parked") == 0


async def test_a_refunded_adbot_waits_for_no_stock_until_it_is_restored(
    world: World, billing: Neighbour, forwarder: Neighbour, client: CommandClient
) -> None:
    async with service(world):
        await pay(billing, ORDERS[0], 1)
        await refund(billing, ORDERS[0])
        await world.says(AdbotSuspended)
        await import_pair(forwarder)
        await stock_up(world, forwarder, SESSIONS[0])
        assert await world.said(SeatFilled) == []
        await client.send(RestoreAdbot(adbot=FIRST), Causes.first("admin"))
        (filled,) = await world.says(SeatFilled)
    assert filled.adbot == FIRST


async def test_a_refund_gives_the_sessions_to_whoever_waits_unless_the_operator_keeps_them(
    world: World, billing: Neighbour
) -> None:
    await sold_before(world, ORDERS[:2], now())
    async with service(world):
        await pay(billing, ORDERS[2], 3)
        await world.says(SeatsAwaited)
        await refund(billing, ORDERS[0], keep_sessions=True)
        await refund(billing, ORDERS[1])
        filled = await world.says(SeatFilled, 2)
    assert {it.adbot for it in filled} == {adbot_of(ORDERS[2])}
    assert {it.seat.session for it in filled} == set(SESSIONS[2:4])
    assert [it.adbot for it in await world.said(AdbotSuspended)] == [FIRST, adbot_of(ORDERS[1])]
    assert [it.adbot for it in await world.said(SeatsReleased)] == [adbot_of(ORDERS[1])]
    assert {it.session for it in await world.said(SessionReleased)} == set(SESSIONS[2:4])
    held = await world.value("select count(*) from adbots.seats where adbot = $1", FIRST)
    assert held == 2


# -- commands


async def test_operators_extend_suspend_and_restore(world: World, client: CommandClient) -> None:
    (adbot,) = await sold_before(world, ORDERS[:1], now())
    admin = Causes.first("account:admin")
    async with service(world):
        await client.send(ExtendAdbot(adbot=FIRST, days=3, reason="an outage"), admin)
        for _ in range(2):
            await client.send(SuspendAdbot(adbot=FIRST, reason="spam"), admin)
        for _ in range(2):
            await client.send(RestoreAdbot(adbot=FIRST), admin)
    (extended,) = await world.said(AdbotExtended)
    (recorded,) = [it for it in await world.recorded() if isinstance(it.event, AdbotSuspended)]
    (made,) = [it for it in await world.recorded() if isinstance(it.event, AdbotProvisioned)]
    assert adbot.valid_until is not None
    assert (extended.order, extended.reason) == (None, "an outage")
    assert extended.valid_until == adbot.valid_until + 3 * DAY
    assert recorded.event == AdbotSuspended(adbot=FIRST, reason="spam")
    assert recorded.envelope.actor == "account:admin"
    assert recorded.envelope.correlation_id == made.envelope.correlation_id
    assert len(await world.said(AdbotRestored)) == 1


async def test_a_suspension_for_good_gives_the_sessions_back_and_a_restored_adbot_waits_behind_others(
    world: World, billing: Neighbour, client: CommandClient
) -> None:
    await sold_before(world, ORDERS[:1], now())
    admin = Causes.first("account:admin")
    async with service(world):
        await pay(billing, ORDERS[1], 1)
        await world.says(SeatsAwaited)
        await client.send(SuspendAdbot(adbot=FIRST, reason="spam"), admin)
        assert await world.said(SeatsReleased) == []
        for _ in range(2):
            command = SuspendAdbot(adbot=FIRST, reason="spam", release_sessions=True)
            await client.send(command, admin)
        (taken,) = await world.says(SeatFilled)
        await client.send(RestoreAdbot(adbot=FIRST), admin)
        (_, back) = await world.says(SeatFilled, 2)
        awaited = await world.says(SeatsAwaited, 2)
    assert [it.adbot for it in await world.said(AdbotSuspended)] == [FIRST]
    assert [it.adbot for it in await world.said(SeatsReleased)] == [FIRST]
    assert taken.adbot == adbot_of(ORDERS[1])
    assert back.adbot == FIRST
    assert awaited[1] == SeatsAwaited(adbot=FIRST, missing=1)


async def test_an_operator_revives_an_adbot_with_seats_from_stock(
    world: World, client: CommandClient
) -> None:
    await sold_before(world, ORDERS[:1], now() - 20 * DAY)
    async with service(world):
        await world.says(SeatsReleased)
        command = ExtendAdbot(adbot=FIRST, days=2, reason="an outage")
        await client.send(command, Causes.first("admin"))
        filled = await world.said(SeatFilled)
    assert [it.valid_until - it.valid_from for it in filled] == [2 * DAY] * 2
