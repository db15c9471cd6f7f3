"""`adrelay events tail`."""

import asyncio
import json
import signal
from datetime import timedelta

import pytest

from tests.deadlines import DEADLINE_SECONDS
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran, started
from tests.integration.events_cli.scenario import Scenario


async def test_it_begins_with_the_last_events_in_the_streams_order(harness: EventsHarness) -> None:
    tailed = await ran(harness.settings, "tail", "--no-follow", "--last", "4", "--json")
    assert tailed.code == 0, tailed.err
    sequences = [one["sequence"] for one in tailed.documents]
    assert len(sequences) == 4
    assert sequences == sorted(sequences)


@pytest.mark.parametrize(
    ("filters", "types"),
    [
        (["--stream", "order-{order}", "--type", "OrderPlaced"], ["OrderPlaced"]),
        (["--stream", "order-{order}", "--last", "2"], ["PaymentFinished", "OrderFulfilled"]),
        (["--stream", "cycle-{cycle}", "--service", "forwarder"], ["CycleStarted", "CycleFinished"]),
        (["--correlation", "{correlation}", "--type", "CycleDue"], ["CycleDue"]),
        (["--stream", "order-{order}", "--since", "{finished}"], ["PaymentFinished", "OrderFulfilled"]),
    ],
)
async def test_filters_narrow_it(harness: EventsHarness, filters: list[str], types: list[str]) -> None:
    scenario = harness.scenario
    wanted = [
        one.format(
            order=scenario.order,
            cycle=scenario.cycle,
            correlation=scenario.causes.correlation_id,
            finished=scenario.appended["PaymentFinished"].at.isoformat(),
        )
        for one in filters
    ]
    tailed = await ran(harness.settings, "tail", "--no-follow", "--json", *wanted)
    assert tailed.code == 0, tailed.err
    assert sorted(one["type"] for one in tailed.documents) == sorted(types)


async def test_it_follows_what_happens_and_ends_cleanly_at_ctrl_c(harness: EventsHarness) -> None:
    other = Scenario(harness.engines)
    stream = f"order-{other.order}"
    process = await started(harness.settings, "tail", "--json", "--stream", stream)
    assert process.stdout is not None
    try:
        await other.append("billing", stream, other.placed())
        first = json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS))
        await other.append("billing", stream, other.requested())
        second = json.loads(await asyncio.wait_for(process.stdout.readline(), DEADLINE_SECONDS))
        assert [first["type"], second["type"]] == ["OrderPlaced", "PaymentRequested"]
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    assert (process.returncode, out, err) == (0, b"", b"")


async def test_people_get_one_line_for_an_event(harness: EventsHarness) -> None:
    tailed = await ran(harness.settings, "tail", "--no-follow", "--stream", f"order-{harness.scenario.order}")
    assert [line.split()[3] for line in tailed.out.splitlines()] == [
        "OrderPlaced",
        "PaymentRequested",
        "PaymentFinished",
        "OrderFulfilled",
    ]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["--service", "baking"], 2, "no service is called 'baking'"),
        (["--type", "CakeBaked"], 2, "no event type is called 'CakeBaked'"),
        (["--stream", "*"], 2, "is no stream name"),
        (["--correlation", "x"], 2, "is no correlation id"),
        (["--since", "2999-01-01"], 2, "is in the future"),
        (["--since", "1h", "--last", "3"], 2, "goes neither with"),
        (["--no-follow", "--stream", "order-NONE"], 1, ""),
    ],
)
async def test_bad_input_is_answered_with_one_clear_line(
    harness: EventsHarness, arguments: list[str], code: int, line: str
) -> None:
    tailed = await ran(harness.settings, "tail", *arguments)
    assert (tailed.code, tailed.out) == (code, "")
    assert line in tailed.err
    assert tailed.err.count("\n") == bool(line)


async def test_a_broker_that_is_not_there_is_one_clear_line(harness: EventsHarness) -> None:
    tailed = await ran({"ADRELAY_NATS_URL": "nats://user:hushhush@127.0.0.1:1"}, "tail")
    assert tailed.code == 2
    assert "the broker at 127.0.0.1:1 can't be used" in tailed.err
    assert "hushhush" not in tailed.err
    tailed = await ran(harness.settings | {"ADRELAY_NATS_PREFIX": "none"}, "tail")
    assert tailed.code == 2
    assert "holds no stream noneEVENTS" in tailed.err


async def test_since_begins_where_it_was_published(harness: EventsHarness) -> None:
    late = (harness.scenario.begin + timedelta(minutes=9, seconds=59)).isoformat()
    order = f"order-{harness.scenario.order}"
    tailed = await ran(harness.settings, "tail", "--no-follow", "--since", late, "--stream", order)
    assert (tailed.code, tailed.out) == (1, "")
