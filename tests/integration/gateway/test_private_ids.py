"""The operator allows an account private ids, and forbids them again."""

from uuid import uuid4

import httpx

from tests.integration.cli.program import adrelay
from tests.integration.gateway.harness import ADMIN_TOKEN, Client, GatewayHarness


async def test_the_operator_allows_and_forbids_private_ids(
    client: Client, admin: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    adbot = await harness.adbot(client)
    account = (await client.get("auth/me"))["id"]
    path = f"accounts/{account}/private-ids"
    seen = (await admin.get(path)).json()
    assert seen == {
        "account": account,
        "email": client.email,
        "allowed": False,
        "since": None,
        "reason": None,
    }
    assert not (await admin.get(f"adbots/{adbot}")).json()["private_ids"]
    by_mail = f"accounts/{client.email.upper()}/private-ids/allow"
    allowed = await admin.post(by_mail, json={"reason": "their own groups"})
    assert (allowed.status_code, allowed.json()["allowed"]) == (200, True)
    assert allowed.json()["reason"] == "their own groups"
    assert (await admin.get(f"adbots/{adbot}")).json()["private_ids"]
    (said,) = await harness.scheduler.events_of(f"permissions-{account}")
    assert said.envelope.actor == "admin"
    forbidden = await admin.post(f"{path}/forbid", json={"reason": "over"})
    assert not forbidden.json()["allowed"]
    assert not (await admin.get(path)).json()["allowed"]


async def test_an_account_that_is_not_there_is_unknown(admin: httpx.AsyncClient) -> None:
    for named in (uuid4(), "nobody@example.com", "nobody"):
        answer = await admin.post(f"accounts/{named}/private-ids/allow", json={"reason": "x"})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_account")


async def test_only_the_operator_may_allow_it(client: Client) -> None:
    account = (await client.get("auth/me"))["id"]
    answer = await client.http.post(f"admin/accounts/{account}/private-ids/allow", json={"reason": "x"})
    assert answer.status_code == 403


async def test_the_command_line_allows_and_forbids_private_ids(
    client: Client, harness: GatewayHarness
) -> None:
    url = str(harness.http.base_url)

    async def act(*arguments: str) -> tuple[int, str]:
        ran = await adrelay(url, "accounts", *arguments, token=ADMIN_TOKEN)
        return ran.code, ran.out or ran.err

    allowed = await act("allow-private-ids", client.email.upper(), "--reason", "own groups")
    assert allowed == (0, f"{client.email} may name private ids\n")
    forbidden = await act("forbid-private-ids", str(client.account), "--reason", "over")
    assert forbidden == (0, f"{client.email} may not name private ids\n")
    unknown = await act("allow-private-ids", "nobody@example.com", "--reason", "x")
    assert unknown == (1, "✗ unknown_account: there is no such account\n")
