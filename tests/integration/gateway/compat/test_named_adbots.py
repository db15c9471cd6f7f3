"""Routes of adbots that are named: for their owner, and some for operators too."""

from uuid import uuid4

import httpx
import pytest

from libs.events.values import AdbotId, ResultClass
from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness
from tests.integration.gateway.sending import Advertised, delivery
from tests.integration.gateway.signing_in import make_key

SET = {"post_link": "https://t.me/channel/42", "target_groups": ["@one_group"]}
STARTED = {"status": "started", "bot_status": "running"}
STOPPED = {"status": "stopped", "bot_status": "stopped"}


async def status(client: Client, adbot: AdbotId) -> str:
    return str((await client.get(f"adbots/{adbot}"))["status"])


async def test_an_adbot_is_started_and_stopped_by_its_id(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot, other = await harness.adbot(client), await harness.adbot(client)
    assert await front.post("adbot/start", {"adbot_id": str(adbot), **SET}) == STARTED
    assert [await status(client, one) for one in (adbot, other)] == ["RUNNING", "STOPPED"]
    assert await front.post("adbot/stop", {"adbot_id": str(adbot)}) == STOPPED
    assert await front.post(f"adbots/{adbot}/start") == STARTED
    assert await front.post(f"adbots/{adbot}/stop") == STOPPED
    assert await status(client, adbot) == "STOPPED"


async def test_the_log_of_an_adbot_is_shown_in_pages(
    front: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    sending = Advertised(harness, client, await harness.adbot(client, seats=2), ("@first", "@second"))
    await sending.stock_seats()
    await sending.send(*(delivery(group, sending.seats[0], ResultClass.SENT) for group in sending.groups))
    for path in (f"adbot/logs/{sending.adbot}", f"adbots/{sending.adbot}/logs"):
        page = await front.get(path, limit=1)
        rest = await front.get(path, limit=1, cursor=page["next"])
        lines = (await client.get(f"adbots/{sending.adbot}/logs"))["items"]
        assert page["logs"] + rest["logs"] == lines
        assert len(lines) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "adbot/start"),
        ("POST", "adbot/stop"),
        ("GET", "adbot/logs/{adbot}"),
        ("POST", "adbots/{adbot}/start"),
        ("POST", "adbots/{adbot}/stop"),
        ("GET", "adbots/{adbot}/logs"),
    ],
)
async def test_a_strangers_adbot_is_answered_for_as_one_that_does_not_exist(
    front: FrontEnd, harness: GatewayHarness, method: str, path: str
) -> None:
    owner = await harness.client()
    adbot = await harness.adbot(owner)
    owners = FrontEnd.of(harness.http, owner)
    await owners.post("adbot/start", {"adbot_id": str(adbot), **SET})
    if path.endswith("start"):
        await owners.post("adbot/stop", {"adbot_id": str(adbot)})
    before = await status(owner, adbot)
    answers = list[tuple[int, object]]()
    for one in (adbot, uuid4()):
        body = {"adbot_id": str(one), **SET} if method == "POST" else None
        answer = await front.ask(method, path.format(adbot=one), json=body)
        found = answer.json()
        del found["correlation_id"]
        answers.append((answer.status_code, found))
    assert answers[0] == answers[1]
    assert answers[0][0] == 404
    assert await status(owner, adbot) == before


async def test_an_operator_starts_stops_and_watches_any_adbot_and_that_is_noted(
    operators: FrontEnd, client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    adbot = await harness.adbot(client)
    await FrontEnd.of(harness.http, client).post(
        "bot/config", {"post_content": SET["post_link"], "groups": ["@a_group"]}
    )
    assert await operators.post(f"adbots/{adbot}/start") == STARTED
    assert await status(client, adbot) == "RUNNING"
    assert await operators.post(f"adbots/{adbot}/stop") == STOPPED
    assert (await operators.get(f"adbots/{adbot}/logs"))["logs"] == []
    for method, path in (("POST", "start"), ("POST", "stop"), ("GET", "logs")):
        assert await operators.refused(method, f"adbots/{uuid4()}/{path}") == (404, "unknown_adbot")
    acts = (await admin.get("activity", params={"limit": 4})).json()["items"]
    assert [(act["operation"], act["outcome"]) for act in acts] == [
        ("stop_own_or_any_adbot", "unknown_adbot"),
        ("start_own_or_any_adbot", "unknown_adbot"),
        ("stop_own_or_any_adbot", "done"),
        ("start_own_or_any_adbot", "done"),
    ]
    assert {act["actor"] for act in acts} == {"admin"}
    assert acts[3]["path"] == f"/api/adbots/{adbot}/start"


async def test_the_routes_of_the_backend_are_for_owners_alone(
    operators: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    body = {"adbot_id": str(adbot)}
    assert await operators.refused("POST", "adbot/start", json=body) == (403, "account_needed")
    assert await operators.refused("GET", f"adbot/logs/{adbot}") == (403, "account_needed")


async def test_an_operator_acts_from_its_networks_only_also_on_routes_of_owners(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    async with harness.gateway(admin_networks="192.0.2.0/24") as http:
        operators = FrontEnd.bearing(http, ADMIN_TOKEN)
        for method, path in (
            ("POST", f"adbots/{adbot}/start"),
            ("POST", f"adbots/{adbot}/stop"),
            ("GET", f"adbots/{adbot}/logs"),
            ("GET", "admin/dashboard"),
            ("GET", "admin/users"),
        ):
            assert await operators.refused(method, path) == (403, "network_not_allowed")
        owner = FrontEnd.of(http, client)
        assert await owner.post(f"adbots/{adbot}/stop") == STOPPED


async def test_a_key_that_only_reads_starts_nothing(client: Client, harness: GatewayHarness) -> None:
    adbot = await harness.adbot(client)
    front = FrontEnd.bearing(harness.http, await make_key(client, "read"))
    assert (await front.get(f"adbots/{adbot}/logs"))["logs"] == []
    for path in (f"adbots/{adbot}/start", "bot/start", "bot/stop", "bot/register-user"):
        assert await front.refused("POST", path) == (403, "insufficient_scope")


async def test_writes_of_an_account_are_limited_whichever_path_they_take(
    client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    stop = (f"adbots/{adbot}/stop", f"v1/adbots/{adbot}/stop", "bot/stop")
    async with harness.gateway(writes_per_minute=3) as http:
        front = FrontEnd.of(http, client)
        for path in stop:
            await front.post(path)
        for path in stop:
            assert await front.refused("POST", path) == (429, "too_many_requests")
