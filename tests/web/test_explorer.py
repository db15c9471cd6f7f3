"""The event explorer in the browser: from a pasted id to a tree, to a state, and the live tail."""

import re

import pytest
from playwright.async_api import Page, expect

from adrelay.demo import steps
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import API_IDS
from tests.support.waiting import until
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.pages import settled
from tests.web.people import new_operator, sign_in_operator

pytestmark = pytest.mark.timeout(240)


async def test_an_operator_goes_from_an_order_number_to_the_state_at_a_version(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await _signed_in(local_system, open_page, "explorer@example.com")
    sample = await create_sample(local_system.telegram, tag="_events", spare=True)
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    order = (await steps.check_out(local_system, email="explored@example.com")).order

    await page.get_by_role("link", name="Events", exact=True).click()
    await page.get_by_label("Search by any id").fill(f" {order} ")
    await page.get_by_role("button", name="Search", exact=True).click()

    tree = page.get_by_role("list", name="Causes and effects")
    await expect(tree).to_contain_text("OrderPlaced")
    await expect(tree).to_contain_text("PaymentRequested")
    assert await violations(page) == []
    await tree.get_by_role("button").first.click()
    panel = page.get_by_role("dialog", name="Event")
    await expect(panel).to_contain_text(order)
    await settled(page)
    assert await violations(page) == []
    await panel.get_by_role("link", name="Open its stream at this event").click()

    state = page.get_by_role("heading", name="State after event 1")
    await expect(state).to_be_visible()
    await expect(page).to_have_url(re.compile(rf"/stream/order-{order}\?version=1$"))
    await page.get_by_role("slider", name="Version of the stream").press("ArrowRight")
    await expect(page.get_by_role("heading", name="State after event 2")).to_be_visible()
    await expect(page).to_have_url(re.compile(r"version=2$"))
    await expect(page.get_by_text("What this event changed is marked.")).to_be_visible()
    await expect(page.locator("[data-mark=added], [data-mark=changed]").first).to_be_visible()
    assert await violations(page) == []


async def test_the_tail_shows_an_event_as_it_happens_and_waits_while_paused(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    page = await _signed_in(local_system, open_page, "follower@example.com")
    sample = await create_sample(local_system.telegram, tag="_tail")
    await steps.stock_sessions(local_system, sample.accounts[:1], api_id=next(API_IDS))
    await page.goto("/operator/events?type=SessionStocked")
    live = page.get_by_role("region", name="Live")
    await expect(live.get_by_text("Connected")).to_be_visible()
    events = page.get_by_role("list", name="Live").get_by_role("link")
    shown, second, third = (events.filter(has_text=str(account)) for account in sample.accounts[:3])
    await expect(shown).to_have_count(1)

    await steps.stock_sessions(local_system, sample.accounts[1:2], api_id=next(API_IDS))
    await expect(second).to_contain_text("SessionStocked")
    await page.get_by_role("button", name="Pause", exact=True).click()
    await steps.stock_sessions(local_system, sample.accounts[2:3], api_id=next(API_IDS))
    waiting = page.get_by_role("button", name=re.compile(r"^Show \d+ new events?$"))
    await expect(waiting).to_be_visible()
    await expect(third).to_have_count(0)

    async def is_shown() -> bool:
        if await waiting.is_visible():  # sessions of an earlier test may be stocked meanwhile
            await waiting.click()
        return await third.count() == 1

    await until(is_shown)
    assert await violations(page) == []

    await expect(live.get_by_text("Paused")).to_be_visible()
    await page.get_by_role("textbox", name="All streams; such as order-").fill("session-")
    await page.keyboard.press("Enter")
    await expect(live.get_by_text("Connected")).to_be_visible()  # another filter is another tail
    await expect(third).to_have_count(1)

    await third.click()
    await expect(page.get_by_role("heading", name="State after event 1")).to_be_visible()


async def _signed_in(system: LocalSystem, open_page: OpenPage, email: str) -> Page:
    page = await open_page(base_url=system.url.removesuffix("/api/v1"))
    await sign_in_operator(page, await new_operator(system, email))
    await expect(page.get_by_role("heading", name="What needs you")).to_be_visible()
    return page
