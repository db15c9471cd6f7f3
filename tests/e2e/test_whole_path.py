"""The whole path, from a checkout to messages in groups, through public interfaces and real processes."""

from collections import Counter
from uuid import UUID

import asyncpg
import pytest

from adrelay.demo import steps
from adrelay.demo.rest import Rest, RestError, until
from adrelay.demo.system import LocalSystem
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.scenarios import events, ordered, problems, running

pytestmark = pytest.mark.timeout(360)


async def test_every_group_receives_each_cycles_post_exactly_once(local_system: LocalSystem) -> None:
    async with running(local_system) as started:
        evidence = await started.cycles(2)
    assert len(evidence[0].cycles) == 2
    assert problems(evidence) == []
    assert await local_system.telegram.held_twice() == []


async def test_an_album_is_forwarded_as_one_album(local_system: LocalSystem) -> None:
    async with running(local_system, album=True) as started:
        evidence = await started.cycles(1)
        chat = next(iter(started.sample.groups.values()))
        messages = [one for one in await local_system.telegram.messages(chat) if one.source is not None]
    assert problems(evidence) == []
    assert len(messages) == started.sample.parts == 2
    assert len({message.grouped_id for message in messages}) == 1


async def test_one_correlated_tree_reaches_from_the_checkout_to_the_last_delivery(
    local_system: LocalSystem,
) -> None:
    async with running(local_system) as started:
        await started.cycles(1)
        of_adbot = await _events_of(local_system, started.client.adbot)
        roots = await started.trace()
    assert len(of_adbot) > 10
    assert of_adbot <= {node.event.id for node in events(roots)}, "it is all correlated with the order"
    found = events(roots)
    types = {node.event.type for node in found}
    assert {
        "AccountRegistered",
        "OrderPlaced",
        "PaymentRequested",
        "PaymentFinished",
        "AdbotProvisioned",
        "SessionAssigned",
        "OrderFulfilled",
        "AdvertisementSet",
        "AdbotStarted",
        "CycleDue",
        "CycleStarted",
        "DeliveriesRecorded",
        "CycleFinished",
    } <= types
    services = {node.service for node in found}
    assert services == {"billing", "provisioning", "scheduler", "forwarder", "gateway"}
    caused = {node.event.type: {child.event.type for child in node.led_to} for node in found}
    assert "AdbotProvisioned" in caused["PaymentFinished"]
    assert "OrderFulfilled" in caused["AdbotProvisioned"]
    assert "CycleDue" in caused["AdbotStarted"]
    assert "CycleStarted" in caused["CycleDue"]
    assert "DeliveriesRecorded" in caused["CycleStarted"]


async def test_a_notification_sent_five_times_and_shuffled_gives_one_adbot(local_system: LocalSystem) -> None:
    sample, purchase = await ordered(local_system)
    await steps.pay(local_system, purchase, repeat=5, shuffled=True)
    client = await steps.sign_in(local_system, purchase)
    await local_system.payments.settled()
    async with Rest(local_system.url) as visitor:
        payment = await until(
            lambda: visitor.get(f"/payments/{purchase.order}"),
            lambda found: found["order_status"] == "FULFILLED",
            within_seconds=DEADLINE_SECONDS,
        )
    assert payment["status"] == "FINISHED"
    counts = Counter(await _types(local_system, "provisioning", purchase.order))
    assert counts["AdbotProvisioned"] == 1
    assert counts["SessionAssigned"] == len(sample.accounts)
    finished = Counter(await _types(local_system, "billing", purchase.order))
    assert finished["PaymentFinished"] == finished["OrderFulfilled"] == 1
    await client.rest.close()


async def test_start_is_refused_with_its_reason(local_system: LocalSystem) -> None:
    _, purchase = await ordered(local_system)
    await steps.pay(local_system, purchase)
    client = await steps.sign_in(local_system, purchase)
    with pytest.raises(RestError) as no_post:
        await steps.start(client)
    assert no_post.value.code == "no_post"
    with pytest.raises(RestError) as malformed:
        await client.rest.put(
            f"{client.path}/advertisement", {"post": "https://t.me/only_channel", "groups": ["@a_group"]}
        )
    assert malformed.value.code == "malformed_post"
    await client.rest.close()


async def _events_of(system: LocalSystem, adbot: str) -> set[UUID]:
    """Return the ids of all events in an adbot's streams, or with its id in their data."""
    found: set[UUID] = set()
    for url in system.databases.values():
        connection = await asyncpg.connect(url)
        rows = await connection.fetch(
            "select id from engine.events where stream in ('adbot-' || $1, 'schedule-' || $1) "
            "or data::jsonb ->> 'adbot' = $1",
            adbot,
        )
        await connection.close()
        found |= {row["id"] for row in rows}
    return found


async def _types(system: LocalSystem, service: str, order: str) -> list[str]:
    """Return the types of the events that a service stored with the correlation id of an order."""
    billing = await asyncpg.connect(system.databases["billing"])
    correlation_id = await billing.fetchval(
        "select correlation_id from engine.events where stream = $1 and version = 1", f"order-{order}"
    )
    await billing.close()
    connection = await asyncpg.connect(system.databases[service])
    rows = await connection.fetch("select type from engine.events where correlation_id = $1", correlation_id)
    await connection.close()
    return [row["type"] for row in rows]
