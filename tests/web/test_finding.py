"""Finding things with the keyboard alone."""

import pytest
from playwright.async_api import expect

from adrelay.demo import steps
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage

pytestmark = pytest.mark.timeout(240)


async def test_a_client_signs_in_and_finds_an_adbot_without_a_mouse(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_find")
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    purchase = await steps.check_out(local_system, email="finder@example.com")
    await steps.pay(local_system, purchase)
    code = await steps.access_code(local_system, purchase)
    client = await steps.sign_in(local_system, purchase)
    await client.rest.close()
    page = await open_page(base_url=local_system.url)
    keyboard = page.keyboard

    await page.goto("/orders")
    await expect(page.get_by_label("Access code")).to_be_focused()
    await keyboard.type(code)
    await keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()

    await keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    await keyboard.insert_text(purchase.order)
    await expect(page.get_by_role("option", name=purchase.order).first).to_be_visible()
    await keyboard.press("Control+a")
    await keyboard.insert_text("00000000-0000-4000-8000-000000000000")
    await expect(page.get_by_text("Nothing matches.")).to_be_visible()
    await keyboard.press("Control+a")
    await keyboard.insert_text(f"\u201c{client.adbot.upper()}\u201d")
    await expect(page.get_by_role("option").and_(page.locator("[data-combobox-selected]"))).to_contain_text(
        "Demo"
    )
    assert await violations(page) == []
    await keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Demo")).to_be_visible()
    assert page.url.rstrip("/").endswith(client.adbot)

    await keyboard.press("?")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    assert await violations(page) == []
    await keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await keyboard.type("go")
    await expect(page.get_by_role("heading", name="Orders")).to_be_visible()

    await keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    await keyboard.insert_text(purchase.order)
    await keyboard.press("Enter")  # before anything was looked up
    await page.wait_for_url(f"**/adbots/{client.adbot}*")

    search = page.get_by_role("button", name="Search")
    await search.focus()
    await keyboard.press("Enter")
    field = page.get_by_role("combobox", name="Search")
    await expect(field).to_be_focused()
    await keyboard.type("?ga")
    await expect(field).to_have_value("?ga")
    await keyboard.press("Escape")
    await expect(search).to_be_focused()
