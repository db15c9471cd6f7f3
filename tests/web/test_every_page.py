"""Every page, as those who may see it: whole, accessible, as wide as its window, quick, and from one host."""

from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from playwright.async_api import Page, Request

from adrelay.demo.system import LocalSystem
from tests.web.accessibility import violations
from tests.web.conftest import OpenPage
from tests.web.pages import PAGES, PHONE, WIDE, Visitor, go_on, overflow, set_looks, settled, work_of
from tests.web.population import Population, enter, populate

pytestmark = pytest.mark.timeout(400)
LOADS = 5


@pytest_asyncio.fixture(scope="module", loop_scope="session", name="population")
async def _population(local_system: LocalSystem) -> Population:
    return await populate(local_system)


@pytest.mark.parametrize("visitor", Visitor)
async def test_a_page_is_accessible_in_both_colours_and_fits_a_phone(
    local_system: LocalSystem, population: Population, open_page: OpenPage, visitor: Visitor
) -> None:
    page = await _open_as(visitor, local_system, population, open_page)
    wrong: dict[str, list[str]] = {}
    for shown in (one for one in PAGES if one.visitor is visitor):
        await set_looks(page, "light", WIDE)
        await go_on(page, shown, population.things)
        wrong[f"{shown.name}, light"] = await violations(page)
        await set_looks(page, "dark", WIDE)
        await settled(page)
        wrong[f"{shown.name}, dark"] = await violations(page, only_colours=True)
        await set_looks(page, "light", PHONE)
        await settled(page)
        wrong[f"{shown.name}, pixels too wide"] = [str(more)] if (more := await overflow(page)) else []

    assert {where: found for where, found in wrong.items() if found} == {}


async def test_the_largest_page_needs_a_second_at_most_and_one_host(
    local_system: LocalSystem, population: Population, open_page: OpenPage
) -> None:
    page = await _open_as(Visitor.CLIENT, local_system, population, open_page)
    largest = next(one for one in PAGES if one.name == "adbot-log")
    hosts = set[str]()
    page.on("request", lambda request: hosts.add(_host(request)))

    # processor time of its thread: other tests run meanwhile
    seconds = [await work_of(page, largest, population.things) for _ in range(LOADS)]

    assert min(seconds) < 1
    assert hosts == {urlsplit(local_system.url).netloc}


def _host(request: Request) -> str:
    return urlsplit(request.url).netloc


async def _open_as(
    visitor: Visitor, system: LocalSystem, population: Population, open_page: OpenPage
) -> Page:
    page = await open_page(base_url=system.url.removesuffix("/api/v1"))
    await page.goto("/")
    await enter(page, visitor, population)
    return page
