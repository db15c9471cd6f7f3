"""The operator sets, starts and looks after what belongs to a client."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from libs.events.values import AdbotId
from tests.integration.gateway.harness import Client, GatewayHarness, operator

POST = {"post": "https://t.me/channel/42", "groups": ["@bakers"]}
FLATS: dict[str, Any] = {"name": "Flats", "groups": ["@flats", "t.me/Rooms/7"]}


@pytest.fixture(scope="module")
def harness(with_scheduler: GatewayHarness) -> GatewayHarness:
    """The gateway with the scheduler itself."""
    return with_scheduler


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(harness: GatewayHarness) -> AsyncIterator[httpx.AsyncClient]:
    """The operator."""
    async with operator(harness.http) as admin:
        yield admin


@pytest_asyncio.fixture(loop_scope="session")
async def owner(harness: GatewayHarness) -> Client:
    """A client."""
    return await harness.client()


@pytest_asyncio.fixture(loop_scope="session")
async def adbot(harness: GatewayHarness, owner: Client) -> AdbotId:
    """An adbot of the client."""
    return await harness.adbot(owner)


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_the_operator_sets_starts_and_stops_a_clients_adbot(
    admin: httpx.AsyncClient, owner: Client, adbot: AdbotId
) -> None:
    set_ = await admin.put(f"adbots/{adbot}/advertisement", json=POST)
    assert (set_.status_code, set_.json()["account"]) == (200, str(owner.account))
    started = await admin.post(f"adbots/{adbot}/start")
    assert (started.status_code, started.json()["status"]) == (200, "RUNNING")
    paced = await admin.put(f"adbots/{adbot}/pacing", json={"delay_seconds": 60})
    assert paced.json()["pacing"]["delay_seconds"] == 60
    paused = await admin.put(f"adbots/{adbot}/groups/options", json={"group": "@bakers", "paused": True})
    assert paused.json()["advertisement"]["group_options"] == [
        {"group": "@bakers", "paused": True, "every_seconds": None}
    ]
    confirmed = await admin.post(f"adbots/{adbot}/groups/confirm", json={"group": "@bakers"})
    assert confirmed.status_code == 200
    seen = await owner.get(f"adbots/{adbot}")
    assert (seen["status"], seen["advertisement"]["groups"]) == ("RUNNING", ["@bakers"])
    stopped = await admin.post(f"adbots/{adbot}/stop")
    assert (stopped.status_code, stopped.json()["status"]) == (200, "STOPPED")
    assert (await owner.get(f"adbots/{adbot}"))["status"] == "STOPPED"
    unset = stopped.json()["advertisement"]
    again = await admin.put(f"adbots/{adbot}/advertisement", json=unset)
    assert again.json()["advertisement"] == unset, "an answer may be sent back"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "advertisement", POST),
        ("PUT", "pacing", {}),
        ("POST", "start", None),
        ("POST", "stop", None),
        ("POST", "groups/confirm", {"group": "@bakers"}),
        ("PUT", "groups/options", {"group": "@bakers"}),
        ("POST", "post-checks", None),
        ("GET", "post-checks", None),
    ],
)
async def test_an_adbot_that_nobody_has_is_unknown_to_the_operator(
    admin: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None
) -> None:
    answer = await admin.request(method, f"adbots/{uuid4()}/{path}", json=body)
    assert (*refusal(answer), answer.json()["detail"]) == (404, "unknown_adbot", "there is no such adbot")


async def test_the_operator_has_posts_checked_by_a_clients_adbot(
    admin: httpx.AsyncClient, owner: Client, adbot: AdbotId
) -> None:
    path = f"adbots/{adbot}/post-checks"
    begun = await admin.post(path, json={"posts": ["https://t.me/channel/42"]})
    check = begun.json()["id"]
    assert (begun.status_code, begun.headers["Location"]) == (202, f"/api/v1/admin/{path}/{check}")
    shown = (await admin.get(f"{path}/{check}")).json()
    assert shown == await owner.get(f"{path}/{check}")
    assert (await admin.get(path)).json()["items"] == [shown]
    again = await admin.post(path)
    assert (again.status_code, again.json()["id"]) == (202, check), "it is still running"
    assert refusal(await admin.get(f"{path}/{uuid4()}")) == (404, "unknown_post_check")


async def test_the_operator_keeps_a_clients_group_lists(
    admin: httpx.AsyncClient, owner: Client, adbot: AdbotId
) -> None:
    base = f"accounts/{owner.email}/group-lists"
    made = await admin.post(base, json=FLATS)
    assert (made.status_code, made.json()["groups"]) == (201, ["@flats", "@rooms/7"])
    list_ = made.json()["id"]
    assert await owner.get(f"group-lists/{list_}") == made.json()
    files = {"file": ("groups.csv", b"group\n@flats\n@huts\n", "text/csv")}
    changed = await admin.put(f"{base}/{list_}/import", files=files)
    assert (changed.json()["name"], changed.json()["groups"]) == ("Flats", ["@flats", "@huts"])
    option = {"group": "@huts", "paused": False, "every_seconds": 3600}
    slowed = await admin.put(f"{base}/{list_}/groups/options", json=option)
    assert slowed.json()["group_options"] == [option]
    used = await admin.put(f"adbots/{adbot}/advertisement", json={"post": POST["post"], "lists": [list_]})
    assert used.json()["advertisement"]["lists"] == [list_]
    imported = await admin.post(f"{base}/import", params={"name": "Huts"}, files=files)
    assert (imported.status_code, imported.json()["name"]) == (201, "Huts")
    listed = (await admin.get(base)).json()["items"]
    assert [(one["name"], one["adbots"]) for one in listed] == [("Flats", [str(adbot)]), ("Huts", [])]
    renamed = await admin.put(f"{base}/{list_}", json={"name": "Rooms", "groups": ["@rooms"]})
    assert (await admin.get(f"{base}/{list_}")).json() == renamed.json()
    assert (await admin.delete(f"{base}/{list_}")).status_code == 204
    assert refusal(await admin.get(f"{base}/{list_}")) == (404, "unknown_group_list")


async def test_a_list_of_one_account_is_not_anothers(
    admin: httpx.AsyncClient, owner: Client, harness: GatewayHarness
) -> None:
    list_ = (await admin.post(f"accounts/{owner.email}/group-lists", json=FLATS)).json()["id"]
    other = await harness.client()
    for method, path, body in (
        ("GET", "", None),
        ("PUT", "", FLATS),
        ("PUT", "/groups/options", {"group": "@flats", "paused": True}),
        ("DELETE", "", None),
    ):
        url = f"accounts/{other.email}/group-lists/{list_}{path}"
        assert refusal(await admin.request(method, url, json=body)) == (404, "unknown_group_list"), method
    unknown = await admin.post("accounts/nobody@example.com/group-lists", json=FLATS)
    assert refusal(unknown) == (404, "unknown_account")


async def test_the_operator_sees_and_ends_what_opens_an_account(
    admin: httpx.AsyncClient, owner: Client
) -> None:
    base = f"accounts/{owner.account}"
    made = await owner.http.post("api-keys", json={"name": "reports", "scopes": ["read"]})
    key, text = made.json()["id"], made.json()["api_key"]
    listed = await admin.get(f"{base}/api-keys")
    assert [one["id"] for one in listed.json()["items"]] == [key]
    assert text not in listed.text
    assert (await admin.delete(f"{base}/api-keys/{key}")).status_code == 204
    assert refusal(await admin.delete(f"{base}/api-keys/{key}")) == (404, "unknown_api_key")
    by_key = await owner.http.get("adbots", headers={"Authorization": f"Bearer {text}"})
    assert by_key.status_code == 401

    (device,) = (await admin.get(f"{base}/devices")).json()["items"]
    assert device["current"] is False
    assert (await admin.delete(f"{base}/devices/{device['id']}")).status_code == 204
    assert (await owner.http.get("adbots")).status_code == 401
    assert (await admin.get(f"{base}/devices")).json()["items"] == []
    assert refusal(await admin.delete(f"{base}/devices/{uuid4()}")) == (404, "unknown_device")


async def test_the_operator_sees_a_clients_webhooks_without_their_secrets(
    admin: httpx.AsyncClient, owner: Client
) -> None:
    body = {"url": "https://example.org/adrelay", "events": ["adbot.stopped"]}
    made = (await owner.http.post("webhooks", json=body)).json()
    listed = await admin.get(f"accounts/{owner.email}/webhooks")
    secret = made.pop("secret")
    assert listed.json()["items"] == [made]
    assert secret not in listed.text
    deliveries = f"accounts/{owner.email}/webhooks/{made['id']}/deliveries"
    assert (await admin.get(deliveries)).json() == {"items": [], "next": None}
    elsewhere = f"accounts/{owner.email}/webhooks/{uuid4()}/deliveries"
    assert refusal(await admin.get(elsewhere)) == (404, "unknown_webhook")


async def test_what_the_operator_does_for_a_client_is_in_the_activity_log(
    admin: httpx.AsyncClient, adbot: AdbotId
) -> None:
    refused = await admin.post(f"adbots/{adbot}/start")
    assert refused.status_code == 409
    (act,) = (await admin.get("activity", params={"operation": "start_any_adbot", "limit": 1})).json()[
        "items"
    ]
    assert (act["actor"], act["outcome"]) == ("admin", refused.json()["code"])
    assert act["path"] == f"/api/v1/admin/adbots/{adbot}/start"
