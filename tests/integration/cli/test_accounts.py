"""`adrelay accounts`."""

import httpx

from tests.integration.cli.program import adrelay
from tests.integration.gateway.harness import access_code
from tests.integration.gateway.shop import Shop


async def test_a_lost_access_code_is_replaced_and_the_old_one_opens_nothing(shop: Shop) -> None:
    await shop.check_out(email="loser@example.com")
    old = await access_code(shop.admin, "loser@example.com")
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1") as visitor:
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
    async with httpx.AsyncClient(base_url=f"{shop.url}/api/v1") as visitor:

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
