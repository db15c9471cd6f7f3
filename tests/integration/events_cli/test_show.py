"""`adrelay events show`."""

from datetime import timedelta

import pytest

from libs.eventsourcing.record import utc_now
from tests.integration.events_cli.conftest import World
from tests.integration.events_cli.program import ran
from tests.integration.events_cli.told import DIGEST


async def test_each_event_comes_with_the_state_behind_it(world: World) -> None:
    shown = await ran(world.settings, "show", f"order-{world.story.order}", "--json")
    assert shown.code == 0, shown.err
    assert [(one["version"], one["type"], one["state_type"]) for one in shown.documents] == [
        (1, "OrderPlaced", "Pending"),
        (2, "PaymentRequested", "Awaiting"),
        (3, "PaymentFinished", "Paid"),
        (4, "OrderFulfilled", "Fulfilled"),
    ]
    assert shown.documents[1]["state"]["request"]["payment"] == world.story.payment
    assert shown.documents[3]["service"] == "billing"


async def test_people_are_shown_what_each_event_changed(world: World) -> None:
    shown = await ran(world.settings, "show", f"order-{world.story.order}")
    assert shown.code == 0
    assert "~ is: Pending → Awaiting" in shown.out
    assert f"+ adbot = {world.story.adbot}" in shown.out
    assert shown.out.index("state now") > shown.out.index("OrderFulfilled")


async def test_a_stream_is_shown_as_it_was_at_a_time(world: World) -> None:
    at = (world.story.told["PaymentRequested"].at + timedelta(milliseconds=500)).isoformat()
    shown = await ran(world.settings, "show", f"order-{world.story.order}", "--at", at, "--json")
    assert [one["state_type"] for one in shown.documents] == ["Pending", "Awaiting"]


async def test_only_the_last_events_are_printed_and_all_are_folded(world: World) -> None:
    shown = await ran(world.settings, "show", f"order-{world.story.order}", "--last", "1", "--json")
    assert [one["state_type"] for one in shown.documents] == ["Fulfilled"]


async def test_nothing_that_looks_secret_is_shown(world: World) -> None:
    for style in ([], ["--json"]):
        shown = await ran(world.settings, "show", f"account-{world.story.account}", *style)
        assert shown.code == 0
        assert "client@example.org" in shown.out
        assert DIGEST not in shown.out


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["show", "order-HQADZ-NONE"], 1, "billing has no stream order-HQADZ-NONE"),
        (["show", "unheard-of"], 1, "no service has a stream unheard-of"),
        (["show", "nonsense"], 2, "'nonsense' is no stream name"),
        (["show", "order-{order}", "--at", "2999-01-01"], 2, "is in the future"),
        (["show", "order-{order}", "--at", "soon"], 2, "'soon' is no time"),
        (["show", "order-{order}", "--at", "2020-01-01"], 1, "began only at"),
        (["show", "order-{order}", "--data", "/nowhere"], 2, "/nowhere is no folder"),
        (["show", "order-{order}", "--scratch", "nothing"], 2, "does not exist"),
        (["show", "order-{order}", "--scratch", "adrelay"], 2, "can't name scratch databases"),
    ],
)
async def test_bad_input_is_answered_with_one_clear_line(
    world: World, arguments: list[str], code: int, line: str
) -> None:
    shown = await ran(world.settings, *(one.format(order=world.story.order) for one in arguments))
    assert (shown.code, shown.out) == (code, "")
    assert line in shown.err
    assert shown.err.count("\n") == 1, shown.err


async def test_an_unreachable_server_and_missing_settings_are_named_without_the_password(
    world: World,
) -> None:
    unreachable = {"ADRELAY_BILLING_POSTGRES_URL": "postgresql://user:hushhush@127.0.0.1:1"}
    shown = await ran(unreachable, "show", f"order-{world.story.order}")
    assert shown.code == 2
    assert "billing at 127.0.0.1:1/adrelay_billing can't be used: nothing listens there" in shown.err
    assert "hushhush" not in shown.err
    shown = await ran({}, "show", f"order-{world.story.order}")
    assert shown.code == 2
    assert shown.err.startswith("✗ ADRELAY_POSTGRES_URL is missing")
    assert shown.err.count("\n") == 1


async def test_a_stream_that_cannot_be_folded_is_shown_up_to_there(world: World) -> None:
    stream, at = f"cycle-{world.story.key}", utc_now()
    async with world.engines["forwarder"].pool.acquire() as connection:
        await connection.execute(
            "insert into engine.events "
            "(id, stream, version, type, schema, at, correlation_id, causation_id, actor, data) "
            "values (gen_random_uuid(), $1, 1, 'CycleStarted', 1, $2, gen_random_uuid(), gen_random_uuid(), "
            "'service:forwarder', '{\"cycle\": 5}')",
            stream,
            at,
        )
    shown = await ran(world.settings, "show", stream, "--json")
    assert shown.code == 1
    assert "not readable" in shown.documents[0]["problem"]
    assert "can't be folded" in shown.err
