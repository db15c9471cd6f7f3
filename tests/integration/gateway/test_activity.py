"""The activity log of operators."""

import csv
import io
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.gateway.api.admin import activity
from tests.integration.gateway.harness import GatewayHarness
from tests.support.queries import Queries


async def acts(admin: httpx.AsyncClient, **wanted: object) -> list[dict[str, Any]]:
    answer = await admin.get("activity", params={name: str(value) for name, value in wanted.items()})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_what_operators_change_is_logged_with_who_from_where_and_what_came_of_it(
    admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    path = f"accounts/{client.account}"
    done = await admin.post(f"{path}/suspend", json={"reason": "spam"})
    await admin.post("accounts/nobody@example.com/suspend", json={"reason": "spam"})
    await admin.post(f"{path}/suspend", json={"reason": ""})
    await admin.get(path)
    shown = (await acts(admin, operation="suspend_account"))[:3]
    assert [one["outcome"] for one in shown] == ["invalid_request", "unknown_account", "done"]
    last = shown[2]
    assert (last["actor"], last["address"]) == ("admin", "127.0.0.1")
    assert last["path"] == f"/api/v1/admin/{path}/suspend"
    assert last["correlation_id"] == done.headers["X-Correlation-Id"]
    queries = Queries(harness.gateway_database)
    caused = await queries.value(
        "select type from engine.events where correlation_id = $1", UUID(last["correlation_id"])
    )
    await queries.close()
    assert caused == "AccountSuspended"


async def test_a_look_and_a_stranger_are_not_in_the_activity_log(
    admin: httpx.AsyncClient, http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    client = await harness.client()
    before = await acts(admin)
    await admin.get("accounts")
    path, body = f"admin/accounts/{client.account}/suspend", {"reason": "spam"}
    assert (await client.http.post(path, json=body)).status_code == 403
    assert (await http.post(f"/api/v1/{path}", json=body)).status_code == 401
    assert await acts(admin) == before


async def test_the_activity_log_is_filtered_paged_and_exported(
    admin: httpx.AsyncClient, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await harness.client()
    for act in ("suspend", "restore", "sign-out"):
        await admin.post(f"accounts/{client.account}/{act}", json={"reason": "=HYPERLINK()"})
    newest = (await acts(admin))[:3]
    assert [one["operation"] for one in newest] == ["sign_account_out", "restore_account", "suspend_account"]
    assert await acts(admin, **{"from": newest[1]["at"], "to": newest[0]["at"]}) == [newest[1]]
    assert await acts(admin, actor="admin:nobody") == []
    page = (await admin.get("activity", params={"limit": "2"})).json()
    assert page["items"] == newest[:2]
    assert (await acts(admin, cursor=page["next"], limit=2))[0] == newest[2]
    monkeypatch.setattr(activity, "MOST_EXPORTED", 3)
    for size in (1, 2, 3, 1000):
        monkeypatch.setattr(activity, "PAGE", size)
        exported = await admin.get("activity/export")
        lines = list(csv.DictReader(io.StringIO(exported.text)))
        assert exported.headers["Content-Type"].startswith("text/csv")
        assert [line["correlation_id"] for line in lines] == [one["correlation_id"] for one in newest]
        assert lines[0].keys() == newest[0].keys()


@pytest.mark.parametrize("begin", ["=", "+", "-", "@"])
def test_a_cell_is_no_formula(begin: str) -> None:
    assert activity.cell(f"{begin}1+1") == f"'{begin}1+1"
