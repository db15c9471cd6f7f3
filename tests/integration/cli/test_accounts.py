"""`adrelay accounts`."""

import httpx

from tests.deadlines import DEADLINE_SECONDS
from tests.integration.cli.program import adrelay
from tests.integration.gateway.harness import access_code
from tests.integration.gateway.shop import Shop


async def test_a_lost_access_code_is_replaced_and_the_old_one_opens_nothing(shop: Shop) -> None:
    await shop.check_out(email="loser@example.com")
    old = await access_code(shop.admin, "loser@example.com")
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1", timeout=DEADLINE_SECONDS) as visitor:
        assert (await visitor.post("/auth/sign-in", json={"access_code": old})).status_code == 200
        ran = await adrelay(shop.url, "accounts", "code", "Loser@Example.com")
        assert (ran.code, ran.err) == (0, "")
        new = ran.out.strip()
        assert new.startswith("USER-")
        assert new != old
        assert (await visitor.post("/auth/sign-in", json={"access_code": old})).status_code == 401
        assert (await visitor.post("/auth/sign-in", json={"access_code": new})).status_code == 200
    again = await adrelay(shop.url, "accounts", "reset-code", "loser@example.com", "--json")
    assert again.document["access_code"] not in {old, new}


async def test_an_account_that_nobody_has_is_refused_in_one_line(shop: Shop) -> None:
    ran = await adrelay(shop.url, "accounts", "code", "nobody@example.com")
    assert (ran.code, ran.err) == (1, "✗ unknown_account: there is no such account\n")


async def test_an_operator_creates_suspends_and_restores_an_account(shop: Shop) -> None:
    email = "managed@example.com"
    created = await adrelay(shop.url, "accounts", "create", email, "--role", "RESELLER", "--json")
    assert (created.document["role"], created.document["has_code"]) == ("RESELLER", False)
    code = (await adrelay(shop.url, "accounts", "code", email)).out.strip()
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1", timeout=DEADLINE_SECONDS) as visitor:

        async def signs_in() -> int:
            return (await visitor.post("/auth/sign-in", json={"access_code": code})).status_code

        assert await signs_in() == 200
        suspended = await adrelay(shop.url, "accounts", "suspend", email, "--reason", "sends spam")
        assert (suspended.code, suspended.err) == (0, "")
        assert "sends spam" in suspended.out
        assert await signs_in() == 403
        listed = await adrelay(shop.url, "accounts", "list", "managed@", "--status", "SUSPENDED")
        assert [line.split()[:3] for line in listed.out.splitlines()[1:]] == [
            [email, "reseller", "suspended"]
        ]
        restored = await adrelay(shop.url, "accounts", "restore", email, "--json")
        assert restored.document["status"] == "ACTIVE"
        assert await signs_in() == 200
    client = await adrelay(shop.url, "accounts", "role", email, "CLIENT", "--json")
    assert client.document["role"] == "CLIENT"
    for act in ("sign-out", "remove-second-factor", "show"):
        ran = await adrelay(shop.url, "accounts", act, email)
        assert (ran.code, ran.err) == (0, ""), act
        assert "second factor  none" in ran.out
    nobody = await adrelay(shop.url, "accounts", "show", "nobody@example.com")
    assert (nobody.code, nobody.err) == (1, "✗ unknown_account: there is no such account\n")


async def test_what_opens_an_account_is_seen_and_ended(shop: Shop) -> None:
    email = "opened@example.com"
    await adrelay(shop.url, "accounts", "create", email)
    code = (await adrelay(shop.url, "accounts", "code", email)).out.strip()
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1", timeout=DEADLINE_SECONDS) as visitor:
        signed_in = (await visitor.post("/auth/sign-in", json={"access_code": code})).json()
        visitor.headers["Authorization"] = f"Bearer {signed_in['token']}"
        key = (await visitor.post("/api-keys", json={"name": "reports", "scopes": ["read"]})).json()
        hook = {"url": "https://example.org/adrelay", "events": ["adbot.stopped"]}
        webhook = (await visitor.post("/webhooks", json=hook)).json()
        keys = await adrelay(shop.url, "accounts", "api-keys", email)
        assert keys.out.splitlines()[1].split()[:4] == [key["id"], "reports", "read", "active"]
        assert key["api_key"] not in keys.out
        hooks = await adrelay(shop.url, "accounts", "webhooks", email)
        assert hooks.out.splitlines()[1].split()[:3] == [webhook["id"], "on", hook["url"]]
        assert webhook["secret"] not in hooks.out
        why = ("--reason", "it sends to a stranger", "--json")
        off = await adrelay(shop.url, "accounts", "webhook-off", email, webhook["id"], *why)
        assert (off.document["on"], off.document["off_reason"]) == (False, "by_operator")
        told = (await visitor.get("/notifications")).json()["items"][0]
        assert "The operator switched the webhook off: it sends to a stranger" in str(told)
        messages = await adrelay(shop.url, "accounts", "webhook-messages", email, webhook["id"])
        assert (messages.code, messages.out) == (1, "no such message\n")
        revoked = await adrelay(shop.url, "accounts", "revoke-api-key", email, key["id"])
        assert (revoked.code, revoked.out) == (0, f"API key {key['id']} is revoked\n")
        (device,) = (await adrelay(shop.url, "accounts", "devices", email, "--json")).document
        assert (await visitor.get("/adbots")).status_code == 200
        ran = await adrelay(shop.url, "accounts", "sign-out-device", email, device["id"], "--json")
        assert ran.document == {"done": f"device {device['id']} is signed out"}
        assert (await visitor.get("/adbots")).status_code == 401
    for listed in ("devices", "api-keys"):
        assert (await adrelay(shop.url, "accounts", listed, email, "--json")).document == []


async def test_the_permission_of_private_ids_is_listed_and_shown(shop: Shop) -> None:
    email = "private@example.com"
    await adrelay(shop.url, "accounts", "create", email)
    forbidden = await adrelay(shop.url, "accounts", "private-ids", email)
    assert (forbidden.code, forbidden.out) == (0, f"{email} may not name private ids\n")
    await adrelay(shop.url, "accounts", "allow-private-ids", email, "--reason", "its own groups")
    listed = await adrelay(shop.url, "accounts", "private-ids", "--json")
    assert {"its own groups"} == {one["reason"] for one in listed.document if one["email"] == email}


async def test_an_account_is_erased_after_a_question(shop: Shop) -> None:
    email = "leaver@example.com"
    account = (await adrelay(shop.url, "accounts", "create", email, "--json")).document["id"]
    asked = await adrelay(shop.url, "accounts", "erase", email)
    assert asked.code == 1, asked.err
    assert f"{email}: address, access code" in asked.err
    assert (await adrelay(shop.url, "accounts", "show", email)).code == 0
    for _ in range(2):
        erased = await adrelay(shop.url, "accounts", "erase", account, "--yes")
        assert (erased.code, erased.out, erased.err) == (0, f"✓ account {account} is erased\n", "")
    gone = await adrelay(shop.url, "accounts", "show", account)
    assert (gone.code, gone.err) == (1, "✗ account_erased: this account was erased\n")


async def test_the_order_of_an_erased_account_is_listed_and_shown(shop: Shop) -> None:
    order = await shop.check_out(email="buyer.leaves@example.com")
    number = order["order_number"]
    cancelled = await adrelay(shop.url, "orders", "cancel", number, "--reason", "a test")
    assert cancelled.code == 0, cancelled.err
    erased = await adrelay(shop.url, "accounts", "erase", "buyer.leaves@example.com", "--yes")
    assert erased.code == 0, erased.err
    shown = await adrelay(shop.url, "orders", "show", number)
    assert (shown.code, "no address" in shown.out) == (0, True)
    listed = await adrelay(shop.url, "orders", "list")
    (line,) = [line for line in listed.out.splitlines() if number in line]
    assert "no address" in line
