"""A client's own account in the browser: API keys, devices, webhooks, the second factor."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import Page, expect
from pyotp.totp import TOTP

from adrelay.demo.rest import Rest, RestError
from adrelay.demo.system import LocalSystem
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import fill_in_code, new_account, sign_in

pytestmark = pytest.mark.timeout(240)
KEY = re.compile(r"^adk_[0-9a-f]{32}_\S+$")
SECRET = re.compile(r"^[A-Z2-7]{16,}$")


async def test_an_api_key_is_shown_once_and_works_until_it_is_revoked(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await open_page(base_url=local_system.url)
    await sign_in(page, await new_account(local_system, "keys@example.com"), "/profile?tab=keys")
    await expect(page.get_by_text("No API keys")).to_be_visible()
    await page.get_by_role("button", name="Make an API key").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Name").fill("reporting")
    await dialog.get_by_label("Control adbots").check()
    assert await violations(page) == []
    await dialog.get_by_role("button", name="Make an API key").click()

    key = await dialog.get_by_text(KEY).inner_text()
    await page.keyboard.press("Escape")
    await page.mouse.click(4, 4)
    await expect(dialog.get_by_text(key)).to_be_visible()  # it could not be shown again
    async with Rest(local_system.url, key) as program:
        assert (await program.get("/auth/me"))["scopes"] == ["read", "control"]
    await dialog.get_by_role("button", name="I have kept it").click()
    await page.reload()
    await expect(page.get_by_role("row", name="reporting")).to_be_visible()
    await expect(page.get_by_text(KEY)).to_have_count(0)

    await page.get_by_role("button", name="Revoke: reporting").click()
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_text("No API keys")).to_be_visible()
    async with Rest(local_system.url, key) as program:
        with pytest.raises(RestError, match="401"):
            await program.get("/auth/me")


async def test_another_device_is_signed_out_from_this_one(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    code = await new_account(local_system, "devices@example.com")
    page, other = [await open_page(base_url=local_system.url) for _ in range(2)]
    await sign_in(other, code)
    await sign_in(page, code, "/profile?tab=devices")

    rows = page.get_by_role("row").filter(has_text="Chrome on Linux")
    await expect(rows).to_have_count(2)
    await rows.filter(has_not_text="This device").get_by_role("button", name="Sign out").click()
    await expect(rows).to_have_count(1)
    assert await violations(page) == []

    await other.goto("/orders")
    await expect(other.get_by_label("Access code")).to_be_visible()

    await rows.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Plans")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"/$"))  # not the sign-in, as after a sign-out elsewhere


async def test_a_webhook_is_added_tested_and_deleted(local_system: LocalSystem, open_page: OpenPage) -> None:
    page = await open_page(base_url=local_system.url)
    await sign_in(page, await new_account(local_system, "webhooks@example.com"), "/profile?tab=webhooks")
    await page.get_by_role("button", name="Add a webhook").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Address").fill("https://nowhere.invalid/adrelay")
    await dialog.get_by_label("An adbot was started.").check()
    await dialog.get_by_role("button", name="Add a webhook").click()
    await expect(dialog.get_by_text(re.compile("^whsec_"))).to_be_visible()
    await dialog.get_by_role("button", name="I have kept it").click()

    await page.get_by_role("link", name="https://nowhere.invalid/adrelay").click()
    await page.get_by_role("button", name="Send a test").click()
    await expect(page.get_by_text("The test was not taken")).to_be_visible()
    assert await violations(page) == []

    await page.get_by_role("button", name="Change the secret").click()
    await page.get_by_role("dialog").get_by_role("button", name="Change the secret").click()
    await expect(dialog.get_by_text(re.compile("^whsec_"))).to_be_visible()
    await page.keyboard.press("Escape")
    await page.mouse.click(4, 4)
    await dialog.get_by_role("button", name="I have kept it").click()

    await page.get_by_role("button", name="Switch off").click()
    await page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    await expect(page.get_by_text("Switched off")).to_be_visible()
    await page.get_by_role("button", name="Delete the webhook").click()
    await expect(page.get_by_role("dialog")).to_contain_text("nowhere.invalid")
    await page.get_by_role("dialog").get_by_role("button", name="Delete the webhook").click()
    await expect(page.get_by_text("No webhooks")).to_be_visible()


async def test_a_second_factor_is_set_up_and_asked_for(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await open_page(base_url=local_system.url, color_scheme="dark")
    code = await new_account(local_system, "careful@example.com")
    await sign_in(page, code, "/profile?tab=security")
    await page.get_by_role("button", name="Set up a second factor").click()
    app = TOTP(await page.get_by_text(SECRET).inner_text())
    assert await violations(page) == []
    await page.get_by_label("Code of your authenticator app").fill(app.now())
    await page.get_by_role("button", name="Turn it on").click()

    await fill_in_code(page, code)
    # the code of now has set the second factor up, and each is good for once
    await page.get_by_label("Code of your authenticator app").fill(
        app.at(datetime.now(UTC), counter_offset=1)
    )
    await page.get_by_role("button", name="Sign in").click()
    await _has_second_factor(page)


async def _has_second_factor(page: Page) -> None:
    await expect(page.get_by_role("button", name="Your account")).to_be_visible()
    await page.goto("/profile?tab=security")
    await expect(page.get_by_text("Your account has a second factor")).to_be_visible()
