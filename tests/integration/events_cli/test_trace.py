"""`adrelay events trace`."""

from pathlib import Path

import pytest

from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran
from tests.integration.events_cli.scenario import DIGEST

TREE = [
    (0, "AccountRegistered"),
    (0, "OrderPlaced"),
    (0, "PaymentRequested"),
    (0, "PaymentFinished"),
    (1, "AdbotProvisioned"),
    (2, "OrderFulfilled"),
    (0, "AdbotStarted"),
    (1, "CycleDue"),
    (2, "CycleStarted"),
    (3, "CycleFinished"),
]


@pytest.mark.parametrize(
    "what", ["order", "stream", "payment", "adbot", "cycle", "account", "event", "correlation"]
)
async def test_any_id_leads_to_the_whole_tree(harness: EventsHarness, what: str) -> None:
    scenario = harness.scenario
    ids = {
        "order": scenario.order,
        "stream": f"order-{scenario.order}",
        "payment": scenario.payment,
        "adbot": str(scenario.adbot),
        "cycle": str(scenario.cycle),
        "account": str(scenario.account),
        "event": str(scenario.appended["CycleDue"].envelope.id),
        "correlation": str(scenario.causes.correlation_id),
    }
    traced = await ran(harness.settings, "trace", ids[what], "--json")
    assert traced.code == 0, traced.err
    (found,) = traced.document["stories"]
    assert found["correlation_id"] == str(scenario.causes.correlation_id)
    assert [(one["depth"], one["type"]) for one in found["events"]] == TREE
    gaps = {one["type"]: one["seconds_since_cause"] for one in found["events"]}
    assert gaps["AdbotProvisioned"] == 1.0
    assert gaps["OrderPlaced"] is None


async def test_an_email_address_leads_to_the_account_and_its_orders(harness: EventsHarness) -> None:
    scenario = harness.scenario
    traced = await ran(harness.settings, "trace", " <Client@Example.org> ", "--json", "--all")
    assert traced.code == 0, traced.err
    assert traced.document["is"][0] == "e-mail address client@example.org"
    for stream in (f"stream account-{scenario.account}", f"stream order-{scenario.order}"):
        assert stream in traced.document["is"]
    assert str(scenario.causes.correlation_id) in {
        one["correlation_id"] for one in traced.document["stories"]
    }


async def test_what_was_asked_for_stands_out(harness: EventsHarness) -> None:
    event = str(harness.scenario.appended["CycleStarted"].envelope.id)
    traced = await ran(harness.settings, "trace", event, "--json")
    (found,) = traced.document["stories"]
    assert [one["type"] for one in found["events"] if one["asked_for"]] == ["CycleStarted"]


async def test_people_get_a_tree_with_times_and_gaps(harness: EventsHarness) -> None:
    traced = await ran(harness.settings, "trace", harness.scenario.order)
    assert traced.code == 0
    lines = traced.out.splitlines()
    (line,) = [line for line in lines if "AdbotProvisioned" in line]
    assert "4.000 s" in line
    assert "+1.0 s" in line
    assert "provisioning" in line


async def test_the_picture_needs_nothing_from_outside_and_holds_no_secret(
    harness: EventsHarness, tmp_path: Path
) -> None:
    page = tmp_path / "tree.html"
    traced = await ran(harness.settings, "trace", harness.scenario.order, "--html", str(page))
    assert traced.code == 0, traced.err
    html = page.read_text()
    for _, kind in TREE:
        assert kind in html
    assert "bronze" in html, "what the events say"
    assert DIGEST not in html
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in html


async def test_an_unknown_id_is_one_clear_line(harness: EventsHarness, tmp_path: Path) -> None:
    page = tmp_path / "tree.html"
    for unknown in ("HQADZ-NONE", "5", "00000000-0000-7000-8000-000000000000"):
        traced = await ran(harness.settings, "trace", unknown, "--html", str(page))
        assert (traced.code, traced.out) == (1, "")
        assert traced.err.startswith("✗ nothing is known by the ")
        assert f"'{unknown}': looked for " in traced.err
        assert traced.err.count("\n") == 1
    assert not page.exists()
    traced = await ran(
        harness.settings, "trace", harness.scenario.order, "--html", str(tmp_path / "no" / "x.html")
    )
    assert traced.code == 2
    assert "is no folder" in traced.err
