"""The pages of the web application, each with an address and who may see it."""
# playwright leaves the answers of the browser's tools untyped
# pyright: reportUnknownMemberType=false

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from playwright.async_api import CDPSession, Page, expect


class Visitor(StrEnum):
    """Who looks at a page."""

    ANYBODY = "anybody"
    CLIENT = "client"
    OPERATOR = "operator"


@dataclass(frozen=True)
class WebPage:
    """A page; its address and its heading hold names of a population's things in braces."""

    name: str
    address: str
    heading: str
    visitor: Visitor


PAGES = (
    WebPage("home", "/", "Forward one post to all your groups, on schedule", Visitor.ANYBODY),
    WebPage("checkout", "/buy/demo", "Buy Demo", Visitor.ANYBODY),
    WebPage("payment-waiting", "/pay/{waiting}", "Your order", Visitor.ANYBODY),
    WebPage("payment-partial", "/pay/{partial}", "Your order", Visitor.ANYBODY),
    WebPage("payment-unknown", "/pay/HQADZ-0-0", "There is no such order", Visitor.ANYBODY),
    WebPage("payment-paid", "/pay/{paid}", "Your order", Visitor.ANYBODY),
    WebPage("sign-in", "/sign-in", "Sign in", Visitor.ANYBODY),
    WebPage("missing", "/nowhere", "There is nothing here", Visitor.ANYBODY),
    WebPage("adbots", "/adbots", "Adbots", Visitor.CLIENT),
    WebPage("adbot-log", "/adbots/{adbot}?tab=log", "Demo", Visitor.CLIENT),
    WebPage("adbot-groups", "/adbots/{adbot}?tab=groups", "Demo", Visitor.CLIENT),
    WebPage("adbot-post", "/adbots/{adbot}?tab=post", "Demo", Visitor.CLIENT),
    WebPage("adbot-timetable", "/adbots/{adbot}?tab=timetable", "Demo", Visitor.CLIENT),
    WebPage("adbot-accounts", "/adbots/{adbot}?tab=accounts", "Demo", Visitor.CLIENT),
    WebPage("adbot-figures", "/adbots/{adbot}?tab=figures", "Demo", Visitor.CLIENT),
    WebPage("adbot-new", "/adbots/{new_adbot}", "Demo", Visitor.CLIENT),
    WebPage("group-lists", "/group-lists", "Group lists", Visitor.CLIENT),
    WebPage("group-list", "/group-lists/{group_list}", "Bakers", Visitor.CLIENT),
    WebPage("group-list-new", "/group-lists/new", "A new group list", Visitor.CLIENT),
    WebPage("orders", "/orders", "Orders", Visitor.CLIENT),
    WebPage("orders-pending", "/orders?status=PENDING", "Orders", Visitor.CLIENT),
    WebPage("notifications", "/notifications", "Notifications", Visitor.CLIENT),
    WebPage("profile", "/profile", "Profile", Visitor.CLIENT),
    WebPage("profile-devices", "/profile?tab=devices", "Profile", Visitor.CLIENT),
    WebPage("profile-security", "/profile?tab=security", "Profile", Visitor.CLIENT),
    WebPage("profile-keys", "/profile?tab=keys", "Profile", Visitor.CLIENT),
    WebPage("profile-webhooks", "/profile?tab=webhooks", "Profile", Visitor.CLIENT),
    WebPage("profile-webhook", "/profile?tab=webhooks&webhook={webhook}", "Profile", Visitor.CLIENT),
    WebPage("profile-preferences", "/profile?tab=preferences", "Profile", Visitor.CLIENT),
    WebPage("operator", "/operator", "What needs you", Visitor.OPERATOR),
    WebPage("operator-orders", "/operator/orders", "Orders", Visitor.OPERATOR),
    WebPage("operator-order", "/operator/orders/{partial}", "Order {partial}", Visitor.OPERATOR),
    WebPage("operator-adbots", "/operator/adbots", "All adbots", Visitor.OPERATOR),
    WebPage("operator-adbot", "/operator/adbots/{adbot}", "Demo", Visitor.OPERATOR),
    WebPage("operator-accounts", "/operator/accounts", "Accounts", Visitor.OPERATOR),
    WebPage(
        "operator-group-lists", "/operator/accounts/{account}/group-lists", "Group lists", Visitor.OPERATOR
    ),
    WebPage(
        "operator-group-list",
        "/operator/accounts/{account}/group-lists/{group_list}",
        "Bakers",
        Visitor.OPERATOR,
    ),
    WebPage("operator-account", "/operator/accounts/{account}", "{email}", Visitor.OPERATOR),
    WebPage(
        "operator-account-devices", "/operator/accounts/{account}?tab=devices", "{email}", Visitor.OPERATOR
    ),
    WebPage("operator-account-keys", "/operator/accounts/{account}?tab=apiKeys", "{email}", Visitor.OPERATOR),
    WebPage(
        "operator-account-webhooks", "/operator/accounts/{account}?tab=webhooks", "{email}", Visitor.OPERATOR
    ),
    WebPage(
        "operator-account-lists", "/operator/accounts/{account}?tab=groupLists", "{email}", Visitor.OPERATOR
    ),
    WebPage("operator-stock", "/operator/stock", "Stock", Visitor.OPERATOR),
    WebPage("operator-catalogue", "/operator/catalogue", "Catalogue", Visitor.OPERATOR),
    WebPage("operator-blocked", "/operator/blocked", "Blocked", Visitor.OPERATOR),
    WebPage("operator-blocked-channels", "/operator/blocked?kind=sources", "Blocked", Visitor.OPERATOR),
    WebPage("operator-private-ids", "/operator/private-ids", "Private ids", Visitor.OPERATOR),
    WebPage("operator-activity", "/operator/activity", "Activity log", Visitor.OPERATOR),
    WebPage("operator-health", "/operator/health", "Health", Visitor.OPERATOR),
    WebPage("operator-dead-letters", "/operator/dead-letters", "Dead letters", Visitor.OPERATOR),
    WebPage("operator-tables", "/operator/tables", "Tables", Visitor.OPERATOR),
    WebPage("events", "/operator/events", "Events", Visitor.OPERATOR),
    WebPage("events-of-account", "/operator/events?id={account}", "Events", Visitor.OPERATOR),
    WebPage("events-tree", "/operator/events?id={paid}", "Causes and effects", Visitor.OPERATOR),
    WebPage(
        "events-stream", "/operator/events/stream/schedule-{adbot}?version=3", "Stream", Visitor.OPERATOR
    ),
)

WIDE = {"width": 1280, "height": 860}
PHONE = {"width": 390, "height": 844}
_SETTLED = """
() => {
    const { status, location, resolvedLocation } = window.__TSR_ROUTER__.state
    return status === 'idle' && resolvedLocation?.href === location.href
        && document.querySelector('h1') !== null
        && document.querySelector('[class*="Skeleton"][data-visible]') === null
        && document.getAnimations().every((one) =>
            one.playState !== 'running' || one.effect.getTiming().iterations === Infinity)
}
"""
_NAVIGATE = "(href) => window.__TSR_ROUTER__.navigate({ href })"
_COLOURED = "(scheme) => (document.documentElement.dataset.mantineColorScheme ?? scheme) === scheme"
_WIDER = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


async def go(page: Page, shown: WebPage, things: dict[str, str]) -> float:
    """Load a page, wait until it stands, and return after how many seconds it did."""
    begin = time.monotonic()
    await page.goto(shown.address.format_map(things))
    await _stands(page, shown, things)
    return time.monotonic() - begin


async def go_on(page: Page, shown: WebPage, things: dict[str, str]) -> None:
    """Go to a page from another one of the application, without a load, and wait until it stands."""
    await page.evaluate(_NAVIGATE, shown.address.format_map(things))
    await _stands(page, shown, things)


async def _stands(page: Page, shown: WebPage, things: dict[str, str]) -> None:
    """Wait until this page shows its data; fail if it shows another one, or a problem."""
    heading = page.get_by_role("heading", level=1, name=shown.heading.format_map(things), exact=True)
    await expect(heading).to_be_visible()
    await settled(page)
    await expect(heading).to_be_visible()
    await expect(page.get_by_text("That did not work")).to_have_count(0)


async def work_of(page: Page, shown: WebPage, things: dict[str, str]) -> float:
    """Go to a page, and return for how many seconds of processor time its thread worked until it stood."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = await _worked(devtools)
    await go(page, shown, things)
    seconds = await _worked(devtools) - before
    await devtools.detach()
    return seconds


async def _worked(devtools: CDPSession) -> float:
    answer = cast("dict[str, list[dict[str, Any]]]", await devtools.send("Performance.getMetrics"))
    return float(next(one["value"] for one in answer["metrics"] if one["name"] == "TaskDuration"))


async def settled(page: Page) -> None:
    """Wait until a page shows its data, and nothing of it moves."""
    await expect(page.locator("h1").first).to_be_visible()
    await page.wait_for_function(_SETTLED)


async def overflow(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    return int(await page.evaluate(_WIDER))


async def set_looks(page: Page, scheme: str, size: dict[str, int]) -> None:
    """Show the page in light or dark colours, and in this size."""
    await page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    await page.set_viewport_size({"width": size["width"], "height": size["height"]})
    await page.wait_for_function(_COLOURED, arg=scheme)
