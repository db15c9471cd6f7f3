"""An operator's day in the browser: stock by files, an order by hand, an account."""

from datetime import UTC, datetime

import pytest
from playwright.async_api import FilePayload, Page, expect
from pyotp.totp import TOTP

from adrelay.demo import steps
from adrelay.demo.rest import Rest
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.web.conftest import OpenPage, violations

pytestmark = pytest.mark.timeout(240)
EMAIL = "operator@example.com"
CLIENT = "patient@example.com"


async def test_an_operator_fills_the_stock_delivers_by_hand_and_suspends(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_op", spare=True)
    await steps.stock_sessions(local_system, sample.accounts[:3], api_id=300_100)
    page = await open_page(color_scheme="dark", base_url=local_system.url.removesuffix("/api/v1"))
    await _sign_in(local_system, page)
    assert await violations(page) == []

    await page.get_by_role("link", name="Stock").click()
    sessions = [await local_system.telegram.session_file(account) for account in sample.accounts[3:]]
    await page.locator("input[type=file]").set_input_files([_file(one) for one in (*sessions, b"nothing")])
    uploads = page.get_by_role("list", name="Uploads").get_by_role("listitem")
    await expect(uploads).to_contain_text(["In stock", "In stock", "Refused"])
    assert await violations(page) == []

    order = await steps.check_out(local_system, email=CLIENT)
    await page.get_by_role("link", name="Orders").last.click()
    await page.get_by_role("textbox").fill(CLIENT)
    await page.get_by_role("link", name=order.order).click()
    await page.get_by_role("button", name="Actions").click()
    await page.get_by_role("menuitem", name="Mark as paid").click()
    await page.get_by_label("Reason").fill("paid in cash")
    await page.get_by_role("button", name="Mark as paid").click()
    await expect(page.get_by_text("paid in cash")).to_be_visible()
    assert await violations(page) == []

    await page.get_by_role("link", name="Accounts").click()
    await page.get_by_role("button", name=f"Actions for {CLIENT}").click()
    await page.get_by_role("menuitem", name="Suspend the account").click()
    await page.get_by_label("Reason").fill("asked for it")
    await page.get_by_role("button", name="Suspend the account").click()
    await expect(page.get_by_role("row", name=CLIENT)).to_contain_text("Suspended")
    assert await violations(page) == []


async def test_a_client_sees_no_page_of_operators(local_system: LocalSystem, open_page: OpenPage) -> None:
    async with Rest(local_system.url, local_system.admin_token) as operator:
        await operator.post("/admin/accounts", {"email": "curious@example.com"})
        issued = await operator.post("/admin/accounts/access-code", {"email": "curious@example.com"})
    page = await open_page(base_url=local_system.url.removesuffix("/api/v1"))
    await page.goto("/operator/stock")
    await page.get_by_label("Access code").fill(issued["access_code"])
    await page.get_by_role("button", name="Sign in").click()

    await expect(page.get_by_text("Code: ")).to_be_visible()
    await expect(page.get_by_role("link", name="Stock")).to_have_count(0)


async def _sign_in(system: LocalSystem, page: Page) -> None:
    async with Rest(system.url, system.admin_token) as script:
        await script.post("/admin/accounts", {"email": EMAIL, "role": "ADMIN"})
        issued = await script.post("/admin/accounts/access-code", {"email": EMAIL})
    async with Rest(system.url) as visitor:
        token = (await visitor.post("/auth/sign-in", issued))["token"]
    async with Rest(system.url, token) as account:
        secret = TOTP((await account.post("/auth/second-factor"))["secret"])
        await account.post("/auth/second-factor/confirm", {"one_time_code": secret.now()})
    await page.goto("/operator")
    await page.get_by_label("Access code").fill(issued["access_code"])
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Code of your authenticator app").fill(
        secret.at(datetime.now(UTC), counter_offset=1)
    )
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="What needs you")).to_be_visible()


def _file(content: bytes) -> FilePayload:
    return {"name": "stock.session", "mimeType": "application/octet-stream", "buffer": content}
