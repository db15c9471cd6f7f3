"""An adbot's page in the browser: its log, figures, timetable and renewal, on two devices at once."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from adrelay.demo import steps
from adrelay.demo.rest import until
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from sandbox.telegram import FaultSpec
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.people import sign_in

pytestmark = pytest.mark.timeout(240)
EMAIL = "daylong@example.com"
FORBIDDEN = "CHAT_WRITE_FORBIDDEN"
_NEXT_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Waits until the page knows that it was scrolled, which it does not show."""
_ADBOTS, _WRITES = "**/api/v1/adbots?*", "**/advertisement"
SENT_IN_LAST_DAY = "How many groups got the post in the last 24 hours?"


@dataclass(frozen=True)
class Owner:
    """A client whose adbot has sent a cycle, in which one group refused the post."""

    client: steps.Client
    code: str
    groups: int

    @property
    def page(self) -> str:
        """The address of the adbot's page."""
        return f"/adbots/{self.client.adbot}"


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="owner")
async def _owner(local_system: LocalSystem) -> AsyncIterator[Owner]:
    sample = await create_sample(local_system.telegram, tag="_daylong")
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    purchase = await steps.check_out(local_system, email=EMAIL)
    await steps.pay(local_system, purchase)
    code = await steps.access_code(local_system, purchase)
    client = await steps.sign_in(local_system, purchase)
    await steps.advertise(client, sample)
    refusing = list(sample.groups.values())[-1]
    await local_system.telegram.inject_fault(FaultSpec(chat=refusing, name=FORBIDDEN))
    await steps.start(client)
    await until(client.log, lambda log: len(log) >= len(sample.groups), within_seconds=60)
    yield Owner(client, code, len(sample.groups))
    await client.rest.close()


async def test_the_log_is_live_and_filtered_and_two_devices_see_the_same(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page, other = await _open(local_system, open_page, owner), await _open(local_system, open_page, owner)
    await page.goto(f"{owner.page}?tab=log")
    log = page.get_by_role("table", name="Log")
    lines = log.get_by_role("row")
    await expect(lines.nth(owner.groups)).to_be_visible()
    before = await lines.count()
    await expect(lines.nth(before)).to_be_visible()  # the next cycle, without a reload

    await page.get_by_role("radiogroup").get_by_text("Refused by the group").click()
    await expect(page).to_have_url(re.compile("result=TARGET_DENIED"))
    await expect(log.get_by_text("Sent", exact=True)).to_have_count(0)
    await expect(log.get_by_text("This account may not write in the group.").first).to_be_visible()
    async with page.expect_download() as exporting:
        await page.get_by_role("button", name="Export as CSV").click()
    head, *rows = (await (await exporting.value).path()).read_text().splitlines()
    assert head.startswith('"at","group","result","error"')
    assert rows
    assert all(f'"TARGET_DENIED","{FORBIDDEN}"' in row for row in rows)
    await page.reload()
    await expect(log.get_by_text("Refused by the group").first).to_be_visible()
    await expect(log.get_by_text("Sent", exact=True)).to_have_count(0)
    assert await violations(page) == []

    await other.goto(owner.page)
    await other.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("button", name="Start")).to_be_visible()
    await expect(page.get_by_text("It was stopped by hand.")).to_be_visible()
    await page.get_by_role("button", name="Start").click()
    await expect(other.get_by_role("button", name="Stop")).to_be_visible()
    await other.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("button", name="Start")).to_be_visible()


async def test_new_lines_wait_while_the_page_is_scrolled(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await _open(local_system, open_page, owner)
    await page.set_viewport_size({"width": 1280, "height": 500})
    await page.goto(f"{owner.page}?tab=log")
    lines = page.get_by_role("table", name="Log").get_by_role("row")
    await expect(lines.nth(owner.groups)).to_be_visible()
    await lines.last.scroll_into_view_if_needed()
    await page.evaluate(_NEXT_FRAMES)
    before = await lines.count()
    await steps.start(owner.client)

    new = page.get_by_role("button", name=re.compile("[0-9]+ new"))
    await expect(new).to_be_visible()
    assert await lines.count() == before, "the page does not move under the reader"
    await new.click()
    await expect(new).to_be_hidden()
    await expect(lines.nth(before)).to_be_visible()
    assert await page.evaluate("scrollY") == 0
    await steps.stop(owner.client)


async def test_a_post_is_previewed_and_looked_at_by_each_account(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await _open(local_system, open_page, owner)
    await page.goto(f"{owner.page}?tab=post")
    await expect(page.get_by_text("Message 1 of @")).to_be_visible()
    await page.get_by_role("button", name="Let the accounts look at the post").click()
    await expect(page.get_by_text("All accounts can read the post and may forward it.")).to_be_visible()
    findings = page.get_by_role("table", name="Can the accounts use the post?")
    await expect(findings.get_by_text("Can use it")).to_have_count(3)

    await page.get_by_label("Link or text").fill("A **bold** word")
    await page.get_by_text("Markdown", exact=True).click()
    await expect(page.get_by_role("strong").get_by_text("bold", exact=True)).to_be_visible()
    assert await violations(page) == []
    answered = await _hold(page, _WRITES)
    save = page.get_by_role("button", name="Save")
    await save.click()
    await page.get_by_label("Link or text").fill("A **bold** word, and more")
    answered.set()
    await expect(page.get_by_text("Saved. The next cycle uses it.")).to_be_visible()
    await expect(page.get_by_label("Link or text")).to_have_value("A **bold** word, and more")
    await expect(save).to_be_enabled()  # what was written meanwhile is not saved yet
    set_ = (await owner.client.state())["advertisement"]
    assert set_["post"] == {"kind": "text", "text": "A **bold** word", "format": "markdown"}
    assert len(set_["groups"]) == owner.groups, "the groups stay"


async def test_what_is_written_is_not_lost_where_another_tab_or_page_is_opened(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await _open(local_system, open_page, owner)
    await page.goto(f"{owner.page}?tab=post")
    post = page.get_by_label("Link or text")
    await post.fill("A long text that is not saved yet")
    asked = page.get_by_role("dialog", name="Not saved yet")
    for away in (page.get_by_role("tab", name="Groups"), page.get_by_role("link", name="Orders")):
        await away.click()
        await expect(asked).to_be_visible()
        await asked.get_by_role("button", name="Cancel").click()
        await expect(asked).to_be_hidden()
        await expect(post).to_have_value("A long text that is not saved yet")
    await page.get_by_role("tab", name="Groups").click()
    await expect(asked).to_be_visible()
    assert await violations(page) == []
    await asked.get_by_role("button", name="Leave without saving").click()
    await expect(page).to_have_url(re.compile("tab=groups"))

    await page.get_by_role("button", name="Edit the groups").click()
    await page.get_by_role("textbox", name="Groups").fill("@half_a_list")
    await page.get_by_role("tab", name="Post").click()
    await expect(asked).to_be_visible()
    await asked.get_by_role("button", name="Cancel").click()
    await page.get_by_role("main").get_by_role("button", name="Cancel").click()
    await page.get_by_role("tab", name="Timetable").click()  # nothing is being written any more
    await page.get_by_text("At set times").click()
    await page.get_by_role("link", name="Orders").click()
    await asked.get_by_role("button", name="Leave without saving").click()
    await expect(page).to_have_url(re.compile("/orders$"))


async def test_who_leaves_while_it_is_being_saved_gets_there_once_it_is(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await _open(local_system, open_page, owner)
    asked = page.get_by_role("dialog", name="Not saved yet")
    answered = await _hold(page, _WRITES)
    await page.goto(f"{owner.page}?tab=post")
    await page.get_by_label("Link or text").fill("A text that takes long to save")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("tab", name="Groups").click()
    await expect(asked).to_be_visible()
    answered.set()
    await expect(page).to_have_url(re.compile("tab=groups"))
    await expect(asked).to_be_hidden()

    answered.clear()
    await page.get_by_role("button", name="Edit the groups").click()
    groups = page.get_by_role("textbox", name="Groups")
    before = await groups.input_value()
    await groups.fill(f"{before}\n@one_group_more")
    await page.get_by_role("button", name="Save the groups").click()
    await page.get_by_role("tab", name="Log").click()
    await expect(asked).to_be_visible()
    answered.set()
    await expect(page).to_have_url(re.compile("tab=log"))  # though the form is closed once it is saved
    await expect(asked).to_be_hidden()
    assert len((await owner.client.state())["advertisement"]["groups"]) == owner.groups + 1
    await page.get_by_role("tab", name="Groups").click()
    await page.get_by_role("button", name="Edit the groups").click()
    await groups.fill(before)
    await page.get_by_role("button", name="Save the groups").click()
    await expect(page.get_by_role("button", name="Edit the groups")).to_be_visible()


async def test_known_adbots_stay_where_they_can_not_be_read_again(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await open_page(cut_off=True, base_url=local_system.url.removesuffix("/api/v1"))
    await sign_in(page, owner.code)
    adbot = page.get_by_role("link", name="Demo")
    await expect(adbot).to_be_visible()
    problem = {"code": "service_unavailable", "title": "Not now", "detail": "It answers again in a moment."}
    await page.route(_ADBOTS, lambda route: route.fulfill(status=503, json=problem))
    await steps.start(owner.client)  # which is told to the page, and reads the list again

    said = page.get_by_text("It answers again in a moment.")
    await expect(said).to_be_visible()
    await expect(page.get_by_text("Code: service_unavailable")).to_be_visible()
    await expect(adbot).to_be_visible()
    assert await violations(page) == []
    answered = await _hold(page, _ADBOTS)  # else a change of the adbot reads the list, too
    async with page.expect_request(_ADBOTS):
        await page.get_by_role("button", name="Try again").click()
    answered.set()
    await expect(said).to_be_hidden()
    await steps.stop(owner.client)


async def test_figures_have_a_table_and_a_timetable_is_saved_and_a_renewal_leads_to_its_payment(
    local_system: LocalSystem, open_page: OpenPage, owner: Owner
) -> None:
    page = await _open(local_system, open_page, owner)
    await page.goto(f"{owner.page}?tab=figures")
    await expect(page.get_by_role("group", name=SENT_IN_LAST_DAY).locator("svg").first).to_be_visible()
    await page.get_by_role("radiogroup", name="Chart or table").get_by_text("Table").click()
    await expect(page.get_by_role("table", name=SENT_IN_LAST_DAY).get_by_role("row")).to_have_count(1 + 24)

    await page.get_by_role("tab", name="Timetable").click()
    await page.get_by_text("At set times").click()
    await expect(page.get_by_text("None. Set days and times.")).to_be_visible()
    await expect(page.get_by_role("button", name="Save the timetable")).to_be_disabled()
    await page.get_by_role("combobox", name="Times").fill("9:30, 18")
    await page.get_by_role("combobox", name="Times").press("Enter")
    await page.get_by_role("button", name="Save the timetable").click()
    await expect(page.get_by_text("Saved. A cycle that is being sent keeps its pace.")).to_be_visible()
    pacing = (await owner.client.state())["pacing"]
    assert [entry["times"] for entry in pacing["timetable"]] == [["09:30", "18:00"]]
    assert await violations(page) == []

    await page.get_by_role("button", name="Renew").click()
    await page.get_by_role("combobox", name="Coin to pay with").click()
    await page.get_by_role("option", name="Bitcoin (BTC)").click()
    await page.get_by_role("button", name="Continue to payment").click()
    await expect(page.get_by_text("Waiting for your payment")).to_be_visible()
    assert "/pay/HQADZ-" in page.url


async def _hold(page: Page, requests: str) -> asyncio.Event:
    """Hold back these requests of the page until the event is set."""
    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route(requests, hold)
    return answered


async def _open(system: LocalSystem, open_page: OpenPage, owner: Owner) -> Page:
    page = await open_page(base_url=system.url.removesuffix("/api/v1"))
    await sign_in(page, owner.code)
    return page
