"""A page that stays open while the gateway is killed and comes back."""

import os
import signal

import pytest
from playwright.async_api import expect

from adrelay.demo import steps
from adrelay.demo.system import LocalSystem
from tests.e2e.scenarios import ordered
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import sign_in

pytestmark = pytest.mark.timeout(240)


async def test_a_page_says_that_it_is_cut_off_and_goes_on_by_itself(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample, order = await ordered(local_system)
    await steps.pay(local_system, order)
    client = await steps.sign_in(local_system, order)
    await steps.advertise(client, sample)
    page = await open_page(cut_off=True, base_url=local_system.url.removesuffix("/api/v1"))
    await sign_in(page, await steps.access_code(local_system, order), f"/adbots/{client.adbot}?tab=log")
    await expect(page.get_by_text("Nothing was sent yet")).to_be_visible()
    cut_off = page.get_by_text("The connection is lost")
    tabs = page.get_by_role("tablist")
    before = await tabs.bounding_box()

    # what is looked at lasts, however soon the gateway is back
    await page.route("**/api/v1/live", lambda route: route.abort())
    os.kill(local_system.pid("gateway"), signal.SIGKILL)
    await expect(cut_off).to_be_visible()
    assert await tabs.bounding_box() == before, "nothing moves under a pointer"
    assert await violations(page, only_colours=True) == []
    await page.unroute("**/api/v1/live")
    await expect(cut_off).to_be_hidden()
    await steps.start(client)

    lines = page.get_by_role("table", name="Log").get_by_text("Sent", exact=True)
    await expect(lines.first).to_be_visible()
    await steps.stop(client)
    await client.rest.close()
