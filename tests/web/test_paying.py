"""A payment in the browser: in parts, on two devices, and found again from the mail."""

import re
from decimal import Decimal

import pytest
from playwright.async_api import Page, expect

from adrelay.demo.rest import until
from adrelay.demo.sample import create_sample
from adrelay.demo.steps import stock_sessions
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.pages import PHONE

pytestmark = pytest.mark.timeout(240)
EMAIL = "parts@example.com"


async def test_a_payment_in_parts_is_followed_on_two_devices(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_parts")
    await stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    page = await open_page(color_scheme="dark", base_url=local_system.url)
    await page.goto("/buy/demo")
    await _order(page)
    order = page.url.rpartition("/")[2]
    await page.go_back()
    await _order(page)
    assert page.url.rpartition("/")[2] == order, "a second click finds the first order"

    phone = await open_page(cut_off=True, viewport=PHONE, base_url=local_system.url)
    problem = {"code": "service_unavailable", "title": "Not now", "detail": "It answers again in a moment."}
    await phone.route("**/api/v1/coins", lambda route: route.fulfill(status=503, json=problem))
    await phone.goto(await _link_in_mail(local_system, order))
    await expect(phone.get_by_role("status")).to_have_text("Waiting for your payment")
    await expect(phone.get_by_text("It answers again in a moment.")).to_be_visible()  # no network is known
    await phone.unroute("**/api/v1/coins")
    await phone.get_by_role("button", name="Try again").click()
    await expect(phone.get_by_text("It answers again in a moment.")).to_be_hidden()

    payment = await local_system.payments.payment_of(order)
    part = await local_system.payments.pay_part(payment.payment_id, fraction=Decimal("0.25"))
    missing = part.pay_amount - part.received
    for device in (page, phone):
        await expect(device.get_by_role("status")).to_have_text("A part is still missing")
        await expect(device.get_by_text(f"Send the rest, {missing.normalize():f} BTC")).to_be_visible()
        assert await violations(device) == []

    await local_system.payments.pay_again(payment.payment_id, amount=missing)
    for device in (page, phone):
        await expect(device.get_by_role("status")).to_have_text("Paid")
        await expect(device.get_by_role("link", name="Sign in").last).to_be_visible()


@pytest.mark.parametrize("order", ["HQADZ-MX2CH60V-1PMBOKN6PRMX", "nothing", "100%25", "%E0%A4%A"])
async def test_a_link_to_no_order_says_so_and_asks_no_more(
    local_system: LocalSystem, open_page: OpenPage, order: str
) -> None:
    page = await open_page(base_url=local_system.url)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/payments/" in request.url else None)
    await page.clock.install()
    await page.goto(f"/pay/{order}")
    await page.clock.run_for(5_000)  # the looks for an order that was placed a moment ago
    missing = page.get_by_role("heading", level=1)
    await expect(missing).to_have_text(re.compile("There is no such order|There is nothing here"))
    before = len(asked)
    await page.clock.run_for(30_000)
    await expect(missing).to_be_visible()
    assert len(asked) == before


async def _order(page: Page) -> None:
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_role("combobox", name="Coin to pay with").fill("bitc")
    await page.get_by_role("option", name="Bitcoin").click()
    await page.get_by_role("button", name="Continue to payment").click()
    await expect(page.get_by_text("Send exactly")).to_be_visible()


async def _link_in_mail(system: LocalSystem, order: str) -> str:
    """Return the link to the order's page, once it is in a mail about the order."""
    link = f"{system.url}/pay/{order}"
    await until(
        lambda: system.mails.mails(EMAIL),
        lambda found: any(link in mail.text for mail in found),
        within_seconds=30,
    )
    return link
