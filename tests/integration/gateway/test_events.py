"""The operator's event explorer: any id, correlated trees, streams with their states, the live tail."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest
import pytest_asyncio

from libs.events.billing import OrderReviewed
from libs.events.provisioning import SessionStocked
from libs.events.values import SessionId
from libs.eventsourcing.values import new_id
from services.gateway.api.admin import events
from services.gateway.live import event_tail
from tests.integration.gateway.answering import answering_operators
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.integration.gateway.test_live_lines import Stream
from tests.support.waiting import until

LARGEST = 2**63 - 1
NOBODYS = "01990000-0000-7000-8000-000000000000"


@pytest_asyncio.fixture(loop_scope="session", name="everyone")
async def _everyone(harness: GatewayHarness) -> AsyncIterator[None]:
    async with answering_operators(harness, "billing", "provisioning", "scheduler", "forwarder"):
        yield


async def found(admin: httpx.AsyncClient, path: str, **parameters: str | int) -> Any:  # noqa: ANN401 - JSON
    answer = await admin.get(f"events/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.usefixtures("everyone")
async def test_an_order_number_leads_to_its_stream_and_to_the_tree_of_all_services(
    client: Client, admin: httpx.AsyncClient
) -> None:
    search = await found(admin, "search", text=f"see “{client.order.lower()}”!")
    assert (search["text"], search["kind"], search["unanswered"]) == (client.order, "order number", [])
    assert [(one["stream"], one["service"]) for one in search["streams"]] == [
        (f"order-{client.order}", "billing")
    ]

    async def whole() -> Any:  # noqa: ANN401 - JSON
        tree = await found(admin, f"trees/{search['trees'][0]['correlation_id']}")
        return tree if {"billing", "gateway"} <= {one["service"] for one in tree["nodes"]} else None

    tree = await until(whole)
    first, *rest = tree["nodes"]
    assert (first["type"], first["depth"], first["seconds"], first["seconds_since_cause"]) == (
        "OrderPlaced",
        0,
        0.0,
        None,
    )
    ids = {one["id"] for one in tree["nodes"]}
    effects = [one for one in rest if one["causation_id"] in ids]
    assert effects
    assert all(one["depth"] > 0 and one["seconds_since_cause"] >= 0 for one in effects)
    assert tree["left_out"] == 0


@pytest.mark.usefixtures("everyone")
async def test_an_address_leads_to_the_account_and_its_orders(
    client: Client, admin: httpx.AsyncClient
) -> None:
    search = await found(admin, "search", text=client.email.upper())
    streams = {one["stream"]: one["service"] for one in search["streams"]}
    assert streams == {f"account-{client.account}": "gateway", f"order-{client.order}": "billing"}


@pytest.mark.usefixtures("everyone")
async def test_the_id_of_an_event_or_a_tree_or_an_account_is_found(
    client: Client, admin: httpx.AsyncClient
) -> None:
    by_account = await found(admin, "search", text=str(client.account))
    assert f"account-{client.account}" in {one["stream"] for one in by_account["streams"]}
    first = (await found(admin, f"streams/account-{client.account}", until=1))["steps"][0]
    by_event = await found(admin, "search", text=first["id"])
    assert by_event["event"]["id"] == first["id"]
    by_tree = await found(admin, "search", text=first["correlation_id"])
    for search in (by_event, by_tree):
        assert [one["correlation_id"] for one in search["trees"]] == [first["correlation_id"]]
    nothing = await found(admin, "search", text="nothing of ours")
    assert (nothing["streams"], nothing["trees"], nothing["event"]) == ([], [], None)


@pytest.mark.usefixtures("everyone")
async def test_a_stream_shows_the_state_after_each_event_and_at_a_version_or_moment(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    note = "write to someone@example.com or +49 170 1234567. " + "x" * 200
    await harness.billing.publish(
        f"order-{client.order}", *(OrderReviewed(order=client.order, note=note) for _ in range(3))
    )
    stream = await found(admin, f"streams/order-{client.order}")
    steps = stream["steps"]
    assert [one["version"] for one in steps] == list(range(1, stream["versions"] + 1))
    assert steps[0]["state_type"]
    assert {one["problem"] for one in steps} == {None}
    shown = steps[-1]["data"]["note"]
    assert "someone" not in shown
    assert "170 1234567" not in shown
    assert len(shown) < len(note)

    then = await found(admin, f"streams/order-{client.order}", until=2, limit=1)
    assert then["steps"] == [steps[1]]
    assert then["before"] == 1
    at = await found(admin, f"streams/order-{client.order}", at=steps[0]["at"])
    assert at["steps"] == [steps[0]]
    assert at["before"] is None


@pytest.mark.usefixtures("everyone")
async def test_ids_of_64_bits_are_exact(harness: GatewayHarness, admin: httpx.AsyncClient) -> None:
    session = SessionId(new_id())
    await harness.provisioning.publish(
        f"session-{session}", SessionStocked(session=session, telegram_user=LARGEST, phone="+49…42")
    )
    step = (await found(admin, f"streams/session-{session}"))["steps"][0]
    assert step["data"]["telegram_user"] == str(LARGEST)
    event = await found(admin, step["id"])
    assert (event["data"], event["service"]) == (step["data"], "provisioning")


async def test_a_service_that_does_not_answer_is_named(client: Client, admin: httpx.AsyncClient) -> None:
    search = await found(admin, "search", text=str(client.account))
    assert search["unanswered"] == ["billing", "provisioning", "scheduler", "forwarder"]
    answer = await admin.get(f"events/streams/order-{client.order}")
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert "billing" in answer.json()["detail"]


@pytest.mark.usefixtures("everyone")
@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"trees/{NOBODYS}", "unknown_tree"),
        (NOBODYS, "unknown_event"),
        (f"streams/order-{NOBODYS}", "unknown_stream"),
        ("streams/nothing-7", "unknown_stream"),
    ],
)
async def test_what_does_not_exist_is_not_found(admin: httpx.AsyncClient, path: str, code: str) -> None:
    answer = await admin.get(f"events/{path}")
    assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.usefixtures("everyone")
async def test_of_a_large_tree_the_first_events_are_shown(
    client: Client, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = await found(admin, "search", text=client.order)
    tree = search["trees"][-1]["correlation_id"]
    whole = await found(admin, f"trees/{tree}")
    monkeypatch.setattr(events, "MOST_SHOWN", 1)
    part = await found(admin, f"trees/{tree}")
    assert part["nodes"] == whole["nodes"][:1]
    assert part["left_out"] >= len(whole["nodes"]) - 1 > 0


@asynccontextmanager
async def tail(
    admin: httpx.AsyncClient, last_id: str = "", **parameters: str | int
) -> AsyncGenerator[Stream]:
    headers = {"Last-Event-ID": last_id} if last_id else {}
    async with admin.stream(
        "GET",
        "events/live",
        headers=headers,
        params=parameters,
    ) as answer:
        assert answer.status_code == 200, await answer.aread()
        yield Stream(answer)


async def review(harness: GatewayHarness, order: str, note: str = "seen") -> None:
    await harness.billing.publish(f"order-{order}", OrderReviewed(order=order, note=note))


async def test_the_tail_shows_events_that_pass_as_they_happen_after_the_last_ones(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient
) -> None:
    wanted = {"service": "billing", "type": "OrderReviewed", "stream": f"order-{client.order}"}
    other = await harness.client()
    await review(harness, client.order, "before")

    async def published() -> bool:
        async with tail(admin, last=200, **wanted) as stream:
            return bool((await stream.next("event"))[1]["data"]["note"] == "before")

    await until(published)
    async with tail(admin, last=200, **wanted) as stream:
        _, first = await stream.next("event")
        await review(harness, other.order, "of another")
        await review(harness, client.order, "ask a.person@example.com")
        last, second = await stream.next("event")
    assert (first["data"]["note"], second["service"]) == ("before", "billing")
    assert second["data"]["note"] == "ask a…@example.com"

    await review(harness, client.order, "missed")
    async with tail(admin, last, **wanted) as stream:
        assert (await stream.next("event"))[1]["data"]["note"] == "missed"


async def test_who_reads_too_slowly_is_told_how_many_events_are_missing(
    harness: GatewayHarness, client: Client, admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_tail, "MOST_WAITING", 2)
    events = [OrderReviewed(order=client.order, note=f"number {number}") for number in range(20)]
    async with tail(admin, stream=f"order-{client.order}") as stream:
        await harness.billing.publish(f"order-{client.order}", *events)
        kind, data = await stream.any()
        shown = [] if kind == "gap" else [data]
        lost = data["lost"] if kind == "gap" else 0
        while lost + len(shown) < len(events):
            kind, data = await stream.any()
            lost += data["lost"] if kind == "gap" else 0
            shown += [data] if kind == "event" else []
    assert lost > 0
    assert shown[-1]["data"]["note"] == "number 19"


async def test_no_more_listeners_than_the_limit_follow_events(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    async def nobody() -> bool:
        return 'adrelay_gateway_listeners{feed="events"} 0.0' in await harness.metrics()

    await until(nobody)  # those of the tests before leave a moment after their connections
    async with AsyncExitStack() as stack:
        for _ in range(event_tail.MOST_LISTENERS):
            await stack.enter_async_context(tail(admin))
        answer = await admin.get("events/live")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_listeners")

    async def free() -> bool:
        async with admin.stream("GET", "events/live") as answer:
            return answer.status_code == 200

    await until(free)
