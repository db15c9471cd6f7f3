"""A client's groups in the browser: bad lines marked in place, a list made of a file, a group paused."""

import pytest
from playwright.async_api import FilePayload, Page, expect

from adrelay.demo import steps
from adrelay.demo.rest import Rest
from adrelay.demo.sample import create_sample
from adrelay.demo.system import LocalSystem
from sandbox.telegram import FaultSpec
from tests.e2e.scenarios import API_IDS
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.pages import settled
from tests.web.people import sign_in

pytestmark = pytest.mark.timeout(240)
WRITTEN = """@first_bakery
t.me/second_bakery
no group

https://t.me/third_bakery/7, @fourth_bakery
t.me/x"""
FILE = b'Group;members\r\n@from_a_file;12\r\n"t.me/another_of_it"\r\n'


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_bad_lines_are_marked_lists_come_by_file_and_a_group_is_paused(
    local_system: LocalSystem, open_page: OpenPage, scheme: str
) -> None:
    page = await open_page(color_scheme=scheme, base_url=local_system.url.removesuffix("/api/v1"))
    await _open_groups_of_new_adbot(local_system, page, scheme)

    await _write_while_another_device_sets_groups(local_system, page)
    await _mend_two_bad_lines(page)
    rows = page.get_by_role("table", name="Groups").get_by_role("row")
    await expect(rows.filter(has_text="bakery")).to_have_count(4)
    await _check_accessible(page)
    search = page.get_by_role("textbox", name="Find a group")
    await search.fill("no such name")
    await page.get_by_role("button", name="Show all groups").click()
    await expect(search).to_have_value("")
    await expect(rows.filter(has_text="bakery")).to_have_count(4)

    await _make_list(page)
    await _rename_while_another_device_adds_a_group(local_system, page, f"groups.{scheme}@example.com")
    await page.go_back()
    await page.get_by_role("link", name="Adbots").click()
    await page.get_by_role("link", name="Demo").click()
    await page.get_by_role("tab", name="Groups").click()
    await page.get_by_role("button", name="Edit the groups").click()
    await page.get_by_role("combobox", name="Group lists").click()
    await page.get_by_role("option", name="From a file (2 groups)").click()
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Save the groups").click()
    await expect(rows.filter(has_text="@from_a_file")).to_contain_text("From the list From a file")

    await page.get_by_role("button", name="Actions for @first_bakery").click()
    await page.get_by_role("menuitem", name="Pause").click()
    await expect(rows.filter(has_text="@first_bakery")).to_contain_text("Paused")
    await _check_accessible(page)

    await page.get_by_role("button", name="Actions for @first_bakery").click()
    await page.get_by_role("menuitem", name="Remove …").click()
    await expect(page.get_by_role("button", name="Cancel")).to_be_focused()
    await page.get_by_role("button", name="Remove the group").click()
    await expect(rows.filter(has_text="@first_bakery")).to_have_count(0)


async def _write_while_another_device_sets_groups(system: LocalSystem, page: Page) -> None:
    """Write the first groups of an adbot: what is written stays, though it has others by then."""
    written = page.get_by_role("textbox", name="Groups")
    await written.fill("@of_this_device")
    adbot = page.url.partition("/adbots/")[2].partition("?")[0]
    async with Rest(system.url, system.admin_token) as operator:
        posts = (await operator.get(f"/admin/adbots/{adbot}"))["advertisement"]["posts"]
        other = {"posts": posts, "groups": ["@of_another_device"]}
        await operator.put(f"/admin/adbots/{adbot}/advertisement", other)
    await expect(page.get_by_role("button", name="Cancel")).to_be_visible()  # to what is set by now
    await expect(written).to_have_value("@of_this_device")


async def _mend_two_bad_lines(page: Page) -> None:
    written = page.get_by_role("textbox", name="Groups")
    await written.fill(WRITTEN)
    await page.get_by_role("button", name="Save the groups").click()
    bad = page.get_by_role("list", name="Lines that can't be used").get_by_role("listitem")
    await expect(bad).to_contain_text(["Line 3 “no group”: neither @name", "Line 6 “t.me/x”: “x” is no name"])
    await expect(written).to_be_focused()
    assert await _selected(page) == "no group", "the first bad line"
    in_place = page.locator("form").get_by_text("neither @name, nor a t.me link")
    await expect(in_place).to_have_count(2)
    await _check_accessible(page)

    await page.keyboard.type("@third_bakery/9")
    await expect(bad).to_have_count(1)
    await page.get_by_role("button", name="Line 6").click()
    await page.keyboard.press("Delete")
    await expect(bad).to_have_count(0)
    await written.fill(WRITTEN.replace("no group\n", "").removesuffix("\nt.me/x"))
    await page.get_by_role("button", name="Save the groups").click()


async def _make_list(page: Page) -> None:
    await page.get_by_role("link", name="Group lists").click()
    await _check_accessible(page)
    await page.get_by_role("link", name="Make a list").first.click()
    await page.get_by_label("Name").fill("From a file")
    await page.get_by_role("link", name="Orders").click()
    asked = page.get_by_role("dialog", name="Not saved yet")
    await asked.get_by_role("button", name="Cancel").click()
    await expect(asked).to_be_hidden()
    file = FilePayload(name="groups.csv", mimeType="text/csv", buffer=FILE)
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.get_by_text("2 lines of groups.csv were added.")).to_be_visible()
    await page.get_by_role("button", name="Make a list").click()
    await expect(page.get_by_role("heading", name="From a file")).to_be_visible()
    await expect(page.get_by_role("table").get_by_text("@another_of_it")).to_be_visible()
    await _check_accessible(page)


async def _rename_while_another_device_adds_a_group(system: LocalSystem, page: Page, email: str) -> None:
    """Rename the list of the page: what was changed elsewhere since it was read stays."""
    async with Rest(system.url, system.admin_token) as operator:
        account = (await operator.get("/admin/accounts", text=email))["items"][0]["id"]
        path = f"/admin/accounts/{account}/group-lists/{page.url.rpartition('/')[2]}"
        known = await operator.get(path)
        groups = [*known["groups"], "@of_another_device"]
        await operator.put(path, {"name": known["name"], "groups": groups})
        for name in ("Another name", known["name"]):
            await page.get_by_role("button", name="More to do with this list").click()
            await page.get_by_role("menuitem", name="Rename the list").click()
            await page.get_by_role("dialog").get_by_label("Name").fill(name)
            await page.get_by_role("dialog").get_by_role("button", name="Rename the list").click()
            await expect(page.get_by_role("heading", name=name)).to_be_visible()
        assert (await operator.get(path))["groups"] == groups
        await operator.put(path, {"name": known["name"], "groups": known["groups"]})


async def _check_accessible(page: Page) -> None:
    """Fail if axe finds something on a page on which nothing moves any more."""
    await expect(page.get_by_role("menu")).to_have_count(0)
    await settled(page)
    assert await violations(page) == []


async def _selected(page: Page) -> str:
    found = await page.evaluate(
        "() => { const area = document.activeElement;"
        " return area.value.slice(area.selectionStart, area.selectionEnd); }"
    )
    return str(found)


async def _open_groups_of_new_adbot(system: LocalSystem, page: Page, scheme: str) -> None:
    """Open the tab of groups of an adbot that has a post, and no groups."""
    sample = await create_sample(system.telegram, tag=f"_groups_{scheme}")
    await steps.stock_sessions(system, sample.accounts, api_id=next(API_IDS))
    order = await steps.check_out(system, email=f"groups.{scheme}@example.com")
    await steps.pay(system, order)
    client = await steps.sign_in(system, order)
    await client.rest.close()
    code = await steps.access_code(system, order)
    await page.goto(f"/sign-in?next=/adbots/{client.adbot}#code={code}")
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_label("Link or text").fill(sample.post)
    await page.get_by_role("button", name="Save", exact=True).click()
    await page.get_by_role("tab", name="Groups").click()


async def test_a_group_that_refuses_is_explained_and_asked_again(
    local_system: LocalSystem, open_page: OpenPage
) -> None:
    sample = await create_sample(local_system.telegram, tag="_refusing")
    await steps.stock_sessions(local_system, sample.accounts, api_id=next(API_IDS))
    order = await steps.check_out(local_system, email="refused@example.com")
    await steps.pay(local_system, order)
    code = await steps.access_code(local_system, order)
    client = await steps.sign_in(local_system, order)
    async with client.rest:
        await steps.advertise(client, sample)
        name, chat = list(sample.groups.items())[-1]
        fault = await local_system.telegram.inject_fault(FaultSpec(chat=chat, name="CHAT_WRITE_FORBIDDEN"))
        await steps.start(client)
        page = await open_page(base_url=local_system.url.removesuffix("/api/v1"))
        await sign_in(page, code, f"/adbots/{client.adbot}?tab=groups&state=refused")

        row = page.get_by_role("table", name="Groups").get_by_role("row").filter(has_text=name)
        words = "The group lets none of the accounts write."
        await expect(row).to_contain_text(words, timeout=90_000)
        await row.get_by_role("button", name="Ask it in the next cycle").click()
        await expect(page.get_by_text(f"The next cycle asks {name} again.")).to_be_visible()
        await _check_accessible(page)
        await steps.stop(client)
        await local_system.telegram.remove_fault(fault.id)
