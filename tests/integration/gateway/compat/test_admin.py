"""The operator's routes."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.gateway.compat.front_end import FrontEnd
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness

HASH = "0123456789abcdef0123456789ABCDEF"
STRING = "1BQANOTEuMTA4LjU2LjE3MAG7"
PHONE = "+49151000017"


def upload(api_id: int, name: str = "session_file", **fields: object) -> dict[str, Any]:
    """Return the form of an upload."""
    data = {"phone_number": PHONE, "api_id": str(api_id), "api_hash": HASH, "label": "x", **fields}
    return {"data": data, "files": {name: ("anna.session", STRING.encode(), "application/octet-stream")}}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "dashboard"),
        ("GET", "users"),
        ("POST", "users"),
        ("GET", "adbots"),
        ("GET", "products"),
        ("POST", "products"),
        ("GET", "stock/overview"),
        ("POST", "stock/upload"),
        ("GET", "stats"),
        ("POST", "users/client@example.com/suspend"),
        ("POST", "users/client@example.com/reset-code"),
        ("POST", "adbots/5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c/extend"),
    ],
)
async def test_a_client_is_no_operator(
    front: FrontEnd, http: httpx.AsyncClient, method: str, path: str
) -> None:
    assert await front.refused(method, f"admin/{path}") == (403, "insufficient_scope")
    claimed = {"x-user-id": "admin", "x-role": "ADMIN"}
    assert await FrontEnd(http, claimed).refused(method, f"admin/{path}") == (401, "token_missing")


async def test_the_dashboard_counts_everything(
    operators: FrontEnd, client: Client, harness: GatewayHarness, admin: httpx.AsyncClient
) -> None:
    before = await operators.get("admin/dashboard")
    await admin.post(f"orders/{client.order}/mark-paid", json={"reason": "a test"})
    await harness.adbot(client)
    await harness.client()
    after = await operators.get("admin/dashboard")
    assert after["accounts"]["CLIENT"] == before["accounts"]["CLIENT"] + 1
    assert after["adbots"]["STOPPED"] == before["adbots"].get("STOPPED", 0) + 1
    assert after["orders"]["PAID"] == before["orders"].get("PAID", 0) + 1
    assert float(after["sold_usd"]) == float(before["sold_usd"]) + float(BRONZE.price_usd)
    assert set(after) == {"accounts", "orders", "adbots", "stock", "sold_usd"}
    stats = await operators.get("admin/stats")
    assert stats["total_posts"] == stats["total_success"] + stats["total_failures"]


async def test_users_are_opened_listed_suspended_and_get_codes(
    operators: FrontEnd, http: httpx.AsyncClient
) -> None:
    email = f"{uuid4().hex}@example.com"
    opened = await operators.post("admin/users", {"email": email}, status=201)
    assert (opened["email"], opened["role"], opened["has_code"]) == (email, "CLIENT", False)
    assert (await operators.get("admin/users", text=opened["licence"]))["items"] == [opened]
    code = (await operators.post(f"admin/users/{opened['id']}/reset-code"))["access_code"]
    found = await FrontEnd(http).post("auth/verify-access-code", {"accessCode": code})
    front = FrontEnd.bearing(http, found["token"])
    assert (await front.get("auth/me"))["email"] == email
    suspended = await operators.post(f"admin/users/{opened['id']}/suspend", {"reason": "spam"})
    assert (suspended["status"], suspended["suspended_for"]) == ("SUSPENDED", "spam")
    assert await front.refused("GET", "auth/me") == (403, "account_suspended")
    nobody = f"admin/users/{uuid4()}"
    for path in ("suspend", "reset-code"):
        assert await operators.refused("POST", f"{nobody}/{path}") == (404, "unknown_account")


async def test_a_suspension_needs_no_reason(operators: FrontEnd, client: Client) -> None:
    suspended = await operators.post(f"admin/users/{client.account}/suspend")
    assert suspended["suspended_for"] == "by the operator"


async def test_adbots_are_listed_and_extended(
    operators: FrontEnd, client: Client, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    listed = await operators.get("admin/adbots", account=client.account)
    assert [one["id"] for one in listed["items"]] == [str(adbot)]
    before = listed["items"][0]["valid_until"]
    extended = await operators.post(f"admin/adbots/{adbot}/extend", {"days": 3})
    assert extended["valid_until"] != before
    assert await operators.refused("POST", f"admin/adbots/{adbot}/extend", json={"days": 0}) == (
        422,
        "invalid_request",
    )
    unknown = await operators.refused("POST", f"admin/adbots/{uuid4()}/extend", json={"days": 3})
    assert unknown == (404, "unknown_adbot")


async def test_products_are_listed_and_added(operators: FrontEnd, http: httpx.AsyncClient) -> None:
    code = f"plan-{uuid4().hex[:8]}"
    plan = {
        "code": code,
        "name": "Copper",
        "kind": "starter",
        "sessions": 1,
        "interval_seconds": 7200,
        "price_usd": "12.50",
        "validity_days": 30,
    }
    added = await operators.post("admin/products", plan, status=201)
    assert (added["code"], added["price_usd"], added["on_sale"]) == (code, "12.5", True)
    assert added in (await operators.get("admin/products"))["items"]
    body = {"email": "client@example.com", "planName": "copper", "amount": "12.49", "currency": "BTC"}
    assert await FrontEnd(http).refused("POST", "payment/create", json=body) == (409, "another_price")


@pytest.mark.parametrize(("name", "api_id"), [("session_file", 5001), ("session", 5002), ("file", 5003)])
async def test_a_session_is_uploaded_with_its_application(
    operators: FrontEnd, harness: GatewayHarness, name: str, api_id: int
) -> None:
    before = await operators.get("admin/stock/overview")
    answer = await operators.ask("POST", "admin/stock/upload", **upload(api_id, name))
    assert answer.status_code == 201, answer.text
    stock = answer.json()["stock"]
    overview = await operators.get("admin/stock/overview")
    [pair] = [one["pair"] for one in overview["pairs"] if one["api_id"] == api_id]
    assert (stock["state"], stock["pair"]) == ("IMPORTED", pair)
    assert overview["counts"]["IMPORTED"] == before["counts"].get("IMPORTED", 0) + 1
    again = await operators.ask("POST", "admin/stock/upload", **upload(api_id, name))
    assert again.json()["stock"]["pair"] == pair, "the application is stored once"
    (said,) = await harness.forwarder.events_of(f"client-{answer.json()['session']}")
    for secret in (HASH, STRING, PHONE):
        assert secret not in answer.text + said.envelope.data


async def test_an_upload_is_stored_once_under_its_key(operators: FrontEnd) -> None:
    headers = {"Idempotency-Key": str(uuid4())}
    first, again = [
        await operators.ask("POST", "admin/stock/upload", headers=headers, **upload(5004)) for _ in range(2)
    ]
    assert (first.status_code, first.json()) == (201, again.json())
    assert again.headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        ({"data": {"api_id": "5005", "api_hash": HASH}}, (422, "invalid_request")),
        (upload(0), (422, "invalid_request")),
        (upload(5005, api_hash="SECRET"), (422, "invalid_request")),
        ({"json": {"api_id": 5005}}, (415, "unsupported_media_type")),
        (
            {
                "data": {"api_id": "5005", "api_hash": HASH},
                "files": {"session_file": ("x.session", b"1" * (256 * 1024 + 1))},
            },
            (413, "file_too_large"),
        ),
        (
            {
                "data": {"api_id": "5006", "api_hash": HASH},
                "files": {"session_file": ("x.session", b"SECRET-CONTENT")},
            },
            (422, "unreadable_session"),
        ),
    ],
    ids=["no file", "api_id", "api_hash", "json", "large", "unreadable"],
)
async def test_a_bad_upload_is_refused_and_not_repeated(
    operators: FrontEnd, sent: dict[str, Any], refusal: tuple[int, str]
) -> None:
    answer = await operators.ask("POST", "admin/stock/upload", **sent)
    assert (answer.status_code, answer.json()["code"]) == refusal
    assert "SECRET" not in answer.text
    assert HASH not in answer.text
    pairs = (await operators.get("admin/stock/overview"))["pairs"]
    assert 5005 not in {pair["api_id"] for pair in pairs}


async def test_what_an_operator_does_is_noted(
    operators: FrontEnd, client: Client, admin: httpx.AsyncClient
) -> None:
    await operators.post(f"admin/users/{client.account}/suspend", {"reason": "spam"})
    act = (await admin.get("activity", params={"limit": 1})).json()["items"][0]
    assert (act["operation"], act["outcome"]) == ("suspend_user", "done")
    assert act["path"] == f"/api/admin/users/{client.account}/suspend"
