"""The operator's console: orders, seats, suspensions and blocks, seen by a client and in the activity log."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from playwright.async_api import Page, Route, expect

from adrelay.demo import steps
from adrelay.demo.rest import Rest, until
from adrelay.demo.system import LocalSystem
from sandbox.telegram import AccountSpec
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import new_operator, sign_in, sign_in_operator

pytestmark = pytest.mark.timeout(240)
CLIENT = "console-client@example.com"
WHY = "asked by the client"


async def test_an_operator_sees_to_an_order_a_seat_an_adbot_and_a_group(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    telegram = local_system.telegram
    # the plan needs three: for an adbot and an unpaid order, and some to replace with
    accounts = [(await telegram.create_account(AccountSpec(name=f"Spare {one}"))).id for one in range(10)]
    await steps.stock_sessions(local_system, accounts, api_id=next(API_IDS))
    adbot = await _adbot_of(local_system, bought := await _bought(local_system))
    partial = await _partly_paid(local_system)
    base = local_system.url.removesuffix("/api/v1")
    client = await open_page(base_url=base)
    await sign_in(client, await steps.access_code(local_system, bought), f"/adbots/{adbot}")
    page = await open_page(base_url=base)
    await sign_in_operator(page, await new_operator(local_system, "console@example.com"))

    places = page.get_by_role("navigation", name="Main")
    await places.get_by_role("link", name="Orders").last.click()
    await expect(page.get_by_role("heading", name="Orders", exact=True)).to_be_visible()
    await page.get_by_role("link", name=partial).click()
    await expect(page.get_by_role("heading", name=f"Order {partial}")).to_be_visible()
    await expect(page.get_by_text("A part was paid")).to_be_visible()
    await _act(page, "Mark as paid")
    await expect(page.get_by_text("Marked as paid by hand")).to_be_visible()
    assert await violations(page) == []
    await _leave_dialog_of_menu(page)

    await places.get_by_role("link", name="All adbots").click()
    await page.get_by_role("textbox", name="Order, plan, post or group").fill(bought.order)
    found = page.get_by_role("table", name="All adbots").get_by_role("row")
    await expect(found).to_have_count(2)  # the head, and the one
    await found.last.get_by_role("link").first.click()
    seats = page.get_by_role("table", name="Seats")
    session = await seats.get_by_role("button", name="Copy: ").first.get_attribute("aria-label")
    await seats.get_by_role("button", name="Replace").first.click()
    await _confirm(page, "Replace")
    await expect(seats.get_by_role("button", name=session or "")).to_have_count(0)

    await _extended_by_a_month(local_system, page, adbot)
    await _answered_late(page)
    await _act(page, "Suspend")
    await expect(page.get_by_text(f"Suspended: {WHY}")).to_be_visible()
    await expect(client.get_by_text("Suspended", exact=True).first).to_be_visible()
    assert await violations(page) == []
    await page.get_by_role("button", name="Actions", exact=True).click()
    await page.get_by_role("menuitem", name="Restore").click()
    await page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    await expect(client.get_by_text("Stopped", exact=True).first).to_be_visible()

    await places.get_by_role("link", name="Blocked").click()
    await page.get_by_label("Group to block").fill("https://t.me/console_blocked")
    await page.get_by_role("button", name="Block", exact=True).click()
    await _confirm(page, "Block")
    await expect(page.get_by_role("row", name="@console_blocked")).to_contain_text(WHY)

    await places.get_by_role("link", name="Activity log").click()
    log = page.get_by_role("table", name="Activity log")
    for done in ("Marked an order as paid", "Replaced a seat", "Suspended an adbot", "Restored an adbot"):
        await expect(log.get_by_text(done).first).to_be_visible()
    await expect(log.get_by_text("Blocked a group").first).to_be_visible()
    assert await violations(page) == []


async def _extended_by_a_month(system: LocalSystem, page: Page, adbot: str) -> None:
    """Extend an adbot by other days than the usual ones, of which nothing is left in the next dialog."""
    async with Rest(system.url, system.admin_token) as operator:
        before = datetime.fromisoformat((await operator.get(f"/admin/adbots/{adbot}"))["valid_until"])
        days = page.get_by_role("dialog").get_by_label("Days to add")
        for leave in (True, False):
            await page.get_by_role("button", name="Actions", exact=True).click()
            await page.get_by_role("menuitem", name="Extend").click()
            await expect(days).to_have_value("7")
            await days.fill("30")
            await expect(days).to_have_value("30")
            if leave:
                await page.keyboard.press("Escape")
                await expect(page.get_by_role("dialog")).to_have_count(0)
        await page.get_by_role("dialog").get_by_label("Reason").focus()
        await _confirm(page, "Extend")
        after = datetime.fromisoformat((await operator.get(f"/admin/adbots/{adbot}"))["valid_until"])
    assert after - before == timedelta(days=30)


async def _answered_late(page: Page) -> None:
    """Leave the dialog of an act before its answer, which closes no other one."""
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/extend", hold)
    dialog = page.get_by_role("dialog")
    for act in ("Extend", "Suspend"):
        await page.get_by_role("button", name="Actions", exact=True).click()
        await page.get_by_role("menuitem", name=act).click()
        await dialog.get_by_label("Reason").fill(WHY)
        if act == "Extend":
            await dialog.get_by_role("button", name=act, exact=True).click()
            await page.keyboard.press("Escape")
            await expect(dialog).to_have_count(0)
    async with (
        page.expect_response("**/extend"),
        page.expect_response("**/admin/stock?*"),
    ):
        answered.set()
    await dialog.get_by_label("Reason").press_sequentially(", again and again", delay=50)
    await expect(dialog.get_by_label("Reason")).to_have_value(f"{WHY}, again and again")
    await dialog.get_by_role("button", name="Cancel").click()
    await page.unroute("**/extend")


async def _leave_dialog_of_menu(page: Page) -> None:
    """Open an act of a menu and leave it: the focus is where it was."""
    button = page.get_by_role("button", name="Actions", exact=True)
    await button.click()
    await page.get_by_role("menuitem", name="Record a refund").click()
    await expect(page.get_by_role("dialog").get_by_label("Reason")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(button).to_be_focused()


async def _act(page: Page, act: str) -> None:
    await page.get_by_role("button", name="Actions", exact=True).click()
    await page.get_by_role("menuitem", name=act).click()
    await _confirm(page, act)


async def _confirm(page: Page, act: str) -> None:
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_label("Reason")).to_be_focused()
    await dialog.get_by_label("Reason").fill(WHY)
    await dialog.get_by_role("button", name=act, exact=True).click()
    await expect(dialog).to_have_count(0)


async def _bought(system: LocalSystem) -> steps.Purchase:
    purchase = await steps.check_out(system, email=CLIENT)
    await steps.pay(system, purchase)
    return purchase


async def _adbot_of(system: LocalSystem, purchase: steps.Purchase) -> str:
    async with Rest(system.url, system.admin_token) as operator:
        order = await until(
            lambda: operator.get(f"/admin/orders/{purchase.order}"),
            lambda found: found["adbot"] is not None,
            within_seconds=30,
        )
    return str(order["adbot"])


async def _partly_paid(system: LocalSystem) -> str:
    purchase = await steps.check_out(system, email=CLIENT)
    payment = await system.payments.payment_of(purchase.order)
    await system.payments.pay_part(payment.payment_id, fraction=Decimal("0.4"))
    async with Rest(system.url, system.admin_token) as operator:
        await until(
            lambda: operator.get(f"/admin/orders/{purchase.order}"),
            lambda found: Decimal(found["paid"] or 0) > 0,
            within_seconds=30,
        )
    return purchase.order
