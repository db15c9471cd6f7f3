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
