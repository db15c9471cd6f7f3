"""`adrelay events show`."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from libs.eventsourcing.store.connections import Pool
from libs.eventsourcing.values import utc_now
from services.gateway.account.tables import ACCOUNTS
from services.gateway.personal.addresses import TABLES as ADDRESSES
from services.gateway.tables.adbots import ADBOTS
from services.gateway.tables.orders import ORDERS
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran
from tests.integration.events_cli.scenario import DIGEST


async def test_each_event_comes_with_the_state_behind_it(harness: EventsHarness) -> None:
    shown = await ran(harness.settings, "show", f"order-{harness.scenario.order}", "--json")
    assert shown.code == 0, shown.err
    assert [(one["version"], one["type"], one["state_type"]) for one in shown.documents] == [
        (1, "OrderPlaced", "Pending"),
        (2, "PaymentRequested", "Awaiting"),
        (3, "PaymentFinished", "Paid"),
        (4, "OrderFulfilled", "Fulfilled"),
    ]
    assert shown.documents[1]["state"]["request"]["payment"] == harness.scenario.payment
    assert shown.documents[3]["service"] == "billing"


async def test_people_are_shown_what_each_event_changed(harness: EventsHarness) -> None:
    shown = await ran(harness.settings, "show", f"order-{harness.scenario.order}")
    assert shown.code == 0
    assert "~ is: Pending → Awaiting" in shown.out
    assert f"+ adbot = {harness.scenario.adbot}" in shown.out
    assert shown.out.index("state now") > shown.out.index("OrderFulfilled")


async def test_a_stream_is_shown_as_it_was_at_a_time(harness: EventsHarness) -> None:
    at = (harness.scenario.appended["PaymentRequested"].at + timedelta(milliseconds=500)).isoformat()
    shown = await ran(harness.settings, "show", f"order-{harness.scenario.order}", "--at", at, "--json")
    assert [one["state_type"] for one in shown.documents] == ["Pending", "Awaiting"]


async def test_only_the_last_events_are_printed_and_all_are_folded(harness: EventsHarness) -> None:
    shown = await ran(harness.settings, "show", f"order-{harness.scenario.order}", "--last", "1", "--json")
    assert [one["state_type"] for one in shown.documents] == ["Fulfilled"]


async def test_nothing_that_looks_secret_is_shown(harness: EventsHarness) -> None:
    for style in ([], ["--json"]):
        shown = await ran(harness.settings, "show", f"account-{harness.scenario.account}", *style)
        assert shown.code == 0
        assert "client@example.org" in shown.out
        assert DIGEST not in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["show", "order-HQADZ-NONE"], 1, "billing has no stream order-HQADZ-NONE"),
        (["show", "unheard-of"], 1, "nothing is known by the name 'unheard-of': looked for a stream in "),
        (["show", "nonsense"], 1, "and for a payment in billing"),
        (["show", " '' "], 2, "the id is empty"),
        (["show", "order-{order}", "--at", "2999-01-01"], 2, "is in the future"),
        (["show", "order-{order}", "--at", "soon"], 2, "'soon' is no time"),
        (["show", "order-{order}", "--at", "2020-01-01"], 1, "began only at"),
        (["show", "order-{order}", "--data", "/nowhere"], 2, "/nowhere is no folder"),
        (["show", "order-{order}", "--scratch", "nothing"], 2, "there is no such database"),
        (["show", "order-{order}", "--scratch", "adrelay"], 2, "can't name scratch databases"),
    ],
)
async def test_bad_input_is_answered_with_one_clear_line(
    harness: EventsHarness, arguments: list[str], code: int, line: str
) -> None:
    shown = await ran(harness.settings, *(one.format(order=harness.scenario.order) for one in arguments))
    assert (shown.code, shown.out) == (code, "")
    assert line in shown.err
    assert shown.err.count("\n") == 1, shown.err


async def test_an_unreachable_server_and_missing_settings_are_named_without_the_password(
    harness: EventsHarness,
) -> None:
    unreachable = {"ADRELAY_BILLING_POSTGRES_URL": "postgresql://user:hushhush@127.0.0.1:1"}
    shown = await ran(unreachable, "show", f"order-{harness.scenario.order}")
    assert shown.code == 2
    assert "billing at 127.0.0.1:1/adrelay_billing can't be used: nothing listens there" in shown.err
    assert "hushhush" not in shown.err
    shown = await ran({}, "show", f"order-{harness.scenario.order}")
    assert shown.code == 2
    assert shown.err.startswith("✗ ADRELAY_POSTGRES_URL is missing")
    assert shown.err.count("\n") == 1


async def test_a_stream_that_cannot_be_folded_is_shown_up_to_there(harness: EventsHarness) -> None:
    stream, at = f"cycle-{harness.scenario.key}", utc_now()
    async with harness.engines["forwarder"].pool.acquire() as connection:
        await connection.execute(
            "insert into engine.events "
            "(id, stream, version, type, schema, at, correlation_id, causation_id, actor, data) "
            "values (gen_random_uuid(), $1, 1, 'CycleStarted', 1, $2, gen_random_uuid(), gen_random_uuid(), "
            "'service:forwarder', '{\"cycle\": 5}')",
            stream,
            at,
        )
    shown = await ran(harness.settings, "show", stream, "--json")
    assert shown.code == 1
    assert "not readable" in shown.documents[0]["problem"]
    assert "can't be folded" in shown.err


async def test_what_people_paste_is_understood(harness: EventsHarness) -> None:
    scenario = harness.scenario
    pasted = {
        f" '{scenario.order.lower()}' ": f"order-{scenario.order}",
        f"<{scenario.payment}>": f"order-{scenario.order}",
        f"https://host/admin/cycles/{scenario.cycle}?x": f"cycle-{scenario.cycle}",
        str(scenario.account).upper(): f"account-{scenario.account}",
        f"`{scenario.appended['CycleDue'].envelope.id}`": f"schedule-{scenario.adbot}",
    }
    for text, stream in pasted.items():
        shown = await ran(harness.settings, "show", text, "--json")
        assert (shown.code, shown.err) == (0, ""), text
        assert {one["stream"] for one in shown.documents} == {stream}


async def test_where_several_streams_are_meant_they_are_listed(harness: EventsHarness) -> None:
    scenario = harness.scenario
    shown = await ran(harness.settings, "show", str(scenario.adbot), "--json")
    assert shown.code == 1
    assert shown.documents == [
        {"service": "provisioning", "stream": f"adbot-{scenario.adbot}"},
        {"service": "scheduler", "stream": f"schedule-{scenario.adbot}"},
    ]
    assert shown.err == f"✗ 2 streams go by {scenario.adbot}; name one of them\n"
    shown = await ran(harness.settings, "show", "Client <Client@Example.org>")
    assert shown.code == 1
    for stream in (f"account-{scenario.account}", f"order-{scenario.order}"):
        assert stream in shown.out


async def test_what_is_not_there_is_told_with_where_it_was_looked_for(harness: EventsHarness) -> None:
    for text, where in {
        "nobody@example.org": "looked for an account and for orders in gateway",
        "https://t.me/nobody_there": "looked for adbots that forward from it or to it, in gateway",
        "00000000-0000-7000-8000-000000000000": "an event and a correlation id, in billing, provisioning",
    }.items():
        shown = await ran(harness.settings, "show", text)
        assert (shown.code, shown.out) == (1, "")
        assert where in shown.err


@pytest_asyncio.fixture(loop_scope="session")
async def folded(harness: EventsHarness) -> AsyncIterator[Pool]:
    """The gateway's tables, empty, which the harness itself does not fold."""
    pool = harness.engines["gateway"].pool
    for table in (ACCOUNTS, ORDERS, ADBOTS):
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(f"create schema {table.name}")
            await connection.execute(f"set local search_path to {table.name}")
            await connection.execute(table.ddl)
    await pool.execute(ADDRESSES)
    yield pool
    await pool.execute("drop schema personal cascade")
    for table in (ACCOUNTS, ORDERS, ADBOTS):
        await pool.execute(f"drop schema {table.name} cascade")


async def test_the_gateways_tables_are_asked_where_they_are_folded(
    harness: EventsHarness, folded: Pool
) -> None:
    scenario, at = harness.scenario, utc_now()
    await folded.execute(
        "insert into accounts.accounts values ($1, 'CLIENT', 'digest', 'LIC', $2, 0, $2)",
        scenario.account,
        at,
    )
    await folded.execute(
        "insert into personal.addresses "
        "values ($1, 'folded@bücher.example', 'folded@xn--bcher-kva.example', $2)",
        scenario.account,
        at,
    )
    await folded.execute(
        "insert into orders.orders (order_number, account, plan, plan_name, price_usd, pay_currency, "
        "status, payment_status, placed_at, pay_by, updated_at) "
        "values ($1, $2, "
        "'bronze', 'Bronze', 30, 'BTC', 'PENDING', 'REQUESTED', $3, $3, $3)",
        scenario.order,
        scenario.account,
        at,
    )
    await folded.execute(
        "insert into adbots.adbot_schedules (adbot, post, targets) values ($1, $2, $3)",
        scenario.adbot,
        '{"kind": "link", "channel": "@a_channel", "message": 5}',
        '["@berlin", "@paris/17"]',
    )
    of_client = {f"account-{scenario.account}", f"order-{scenario.order}"}
    of_adbot = {f"adbot-{scenario.adbot}", f"schedule-{scenario.adbot}"}
    for text, streams in {
        "Folded@Bücher.example": of_client,
        "folded@xn--bcher-kva.example": of_client,
        "https://t.me/Berlin": of_adbot,
        "t.me/paris/17": of_adbot,
        "@a_channel": of_adbot,
    }.items():
        shown = await ran(harness.settings, "show", text, "--json")
        assert {one["stream"] for one in shown.documents} == streams, shown.err
    shown = await ran(harness.settings, "show", "@berl", "--json")
    assert (shown.code, shown.out) == (1, "")
