"""A client's life in the browser: from the checkout to messages in the groups."""

import re

import pytest
from playwright.async_api import Page, expect

from adrelay.demo import steps
from adrelay.demo.evidence import read_back
from adrelay.demo.rest import Rest
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS, problems
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.pages import PHONE
from tests.web.people import fill_in_code, new_account

pytestmark = pytest.mark.timeout(360)
EMAIL = "webclient@example.com"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_client_buys_sets_up_starts_and_sees_what_was_sent(
    local_system: LocalSystem, open_page: OpenPage, scheme: str
) -> None:
    tag = f"_web_{scheme}"
    sample = await create_sample(local_system.telegram, tag=tag)
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    email = f"{scheme}.{EMAIL}"
    page = await open_page(color_scheme=scheme, base_url=local_system.url.removesuffix("/api/v1"))

    order = await _buy(page, email)
    await steps.pay(local_system, order)
    await expect(page.get_by_role("status")).to_have_text("Paid")
    assert await violations(page) == []

    code = await steps.access_code(local_system, order)
    await _sign_in(page, code)
    await page.get_by_role("link", name="Demo").click()
    await _advertise(page, sample.post, [*sample.groups, "no group"])
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("tab", name="Log").click()
    lines = page.get_by_role("table", name="Log").get_by_text("Sent", exact=True)
    await expect(lines.nth(len(sample.groups) - 1)).to_be_visible()
    await page.get_by_role("button", name="Stop").click()  # seconds before the next cycle is due
    await expect(page.get_by_text("It was stopped by hand.")).to_be_visible()
    assert await violations(page) == []

    async with Rest(local_system.url) as visitor:
        token = (await visitor.post("/auth/sign-in", {"access_code": code}))["token"]
    async with Rest(local_system.url, token) as rest:
        adbot = page.url.rpartition("/")[2].partition("?")[0]
        log = (await rest.get(f"/adbots/{adbot}/logs", limit=1000))["items"]
    evidence = await read_back(local_system.telegram, sample, log[::-1], steps.cycles_in(log[::-1]))
    assert problems(evidence) == []


async def test_a_reload_keeps_the_client_signed_in_until_signing_out(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await open_page(cut_off=True, viewport=PHONE, base_url=local_system.url.removesuffix("/api/v1"))
    code = await new_account(local_system, EMAIL)
    await page.goto("/orders?status=PENDING")
    await fill_in_code(page, f" {code} ")
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    assert page.url.endswith("/orders?status=PENDING"), "it goes on where the client wanted to go"

    await page.reload()
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()

    problem = {"code": "service_unavailable", "title": "Not now", "detail": "It answers again in a moment."}
    await page.route("**/auth/refresh", lambda route: route.fulfill(status=503, json=problem))
    await page.reload()
    await expect(page.get_by_text("It answers again in a moment.")).to_be_visible()  # which is no sign-out
    await page.unroute("**/auth/refresh")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    stored = await page.evaluate("Object.entries(localStorage).flat().join()")
    assert "ey" not in stored
    assert "adr_" not in stored

    await page.get_by_role("button", name="Your account").click()
    await page.get_by_role("menuitem", name="Sign out", exact=True).click()
    await expect(page.get_by_role("heading", name="Plans")).to_be_visible()
    await page.goto("/orders")
    await expect(page.get_by_label("Access code")).to_be_visible()


async def test_a_link_brings_the_code_and_its_address_does_not_keep_it(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await open_page(base_url=local_system.url.removesuffix("/api/v1"))
    await page.goto("/sign-in#code=USER-11111-22222-33333-44444")

    await expect(page.get_by_label("Access code")).to_have_value("USER-11111-22222-33333-44444")
    assert page.url.endswith("/sign-in")


async def _buy(page: Page, email: str) -> steps.Purchase:
    await page.goto("/")
    await page.get_by_role("link", name="Choose: Demo").click()
    assert await violations(page) == []
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_role("combobox", name="Coin to pay with").click()
    await page.get_by_role("option", name="Bitcoin").click()
    await page.get_by_role("button", name="Continue to payment").click()
    await expect(page.get_by_text("Waiting for your payment")).to_be_visible()
    await page.reload()
    await expect(page.get_by_text("Send exactly")).to_be_visible()
    number = page.url.rpartition("/")[2]
    assert re.fullmatch("HQADZ-[0-9A-Z]+-[0-9A-Z]+", number)
    return steps.Purchase(number, "", "", "BTC", email)


async def _sign_in(page: Page, code: str) -> None:
    await page.get_by_role("link", name="Sign in").last.click()
    await fill_in_code(page, code)
    await expect(page.get_by_role("heading", name="Adbots")).to_be_visible()


async def _advertise(page: Page, post: str, groups: list[str]) -> None:
    await page.get_by_label("Link or text").fill(post)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Saved. The next cycle uses it.")).to_be_visible()
    await page.get_by_role("tab", name="Groups").click()
    await page.get_by_role("textbox", name="Groups").fill("\n".join(groups))
    await page.get_by_role("button", name="Save the groups").click()
    await expect(page.get_by_text("“no group”: neither @name")).to_be_visible()
    await page.get_by_role("textbox", name="Groups").fill("\n".join(groups[:-1]))
    await page.get_by_role("button", name="Save the groups").click()
    await expect(page.get_by_text("“no group”: neither @name")).to_be_hidden()
