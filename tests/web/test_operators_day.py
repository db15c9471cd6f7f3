"""An operator's day in the browser: stock by files, an order by hand, an account."""

import pytest
from playwright.async_api import FilePayload, expect

from adrelay.demo import steps
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import fill_in_code, new_account, new_operator, sign_in_operator

pytestmark = pytest.mark.timeout(240)
EMAIL = "operator@example.com"
CLIENT = "patient@example.com"


async def test_an_operator_fills_the_stock_delivers_by_hand_and_suspends(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_op", spare=True)
    await steps.stock_sessions(local_system, sample.accounts[:3], api_id=next(API_IDS))
    page = await open_page(color_scheme="dark", base_url=local_system.url.removesuffix("/api/v1"))
    await sign_in_operator(page, await new_operator(local_system, EMAIL))
    await expect(page.get_by_role("heading", name="What needs you")).to_be_visible()
    assert await violations(page) == []

    places = page.get_by_role("navigation", name="Main")
    await places.get_by_role("link", name="Stock").click()
    sessions = [await local_system.telegram.session_file(account) for account in sample.accounts[3:]]
    await page.locator("input[type=file]").set_input_files([_file(one) for one in (*sessions, b"nothing")])
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    await expect(uploads).to_contain_text(["In stock", "In stock", "Refused"])
    assert await violations(page) == []

    order = await steps.check_out(local_system, email=CLIENT)
    await places.get_by_role("link", name="Orders").last.click()
    await expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    await page.get_by_role("textbox", name="Number, e-mail, plan, address").fill(CLIENT)
    row = page.get_by_role("row").filter(has_text=order.order)
    await row.locator("time").hover()
    await expect(page.get_by_role("tooltip")).to_be_visible()
    await row.locator("time").click()  # as the rest of the row
    await expect(page.get_by_role("heading", name=f"Order {order.order}")).to_be_visible()
    await page.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name="Mark as paid").click()
    await page.get_by_label("Reason").fill("paid in cash")
    await page.get_by_role("button", name="Mark as paid").click()
    await expect(page.get_by_text("paid in cash")).to_be_visible()
    assert await violations(page) == []

    await places.get_by_role("link", name="Accounts").click()
    await expect(page.get_by_role("heading", name="Accounts", exact=True)).to_be_visible()
    await page.get_by_role("link", name=CLIENT).click()
    await expect(page.get_by_role("heading", name=CLIENT)).to_be_visible()
    await page.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name="Suspend the account").click()
    await page.get_by_label("Reason").fill("asked for it")
    await page.get_by_role("button", name="Suspend the account").click()
    await expect(page.get_by_text("Suspended: asked for it")).to_be_visible()
    assert await violations(page) == []


async def test_a_client_sees_no_page_of_operators(local_system: LocalSystem, open_page: OpenPage) -> None:
    code = await new_account(local_system, "curious@example.com")
    page = await open_page(base_url=local_system.url.removesuffix("/api/v1"))
    await page.goto("/operator/stock")
    await fill_in_code(page, code)

    await expect(page.get_by_role("heading", name="Only operators see this page")).to_be_visible()
    await expect(page.get_by_role("link", name="Stock")).to_have_count(0)


def _file(content: bytes) -> FilePayload:
    return {"name": "stock.session", "mimeType": "application/octet-stream", "buffer": content}
