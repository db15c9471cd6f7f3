"""Pictures of every page, light, dark and as on a phone: `python -m tests.web.screenshots`."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from adrelay.demo.system import LocalSystem
from tests.web import browser as chromium
from tests.web.accessibility import violations
from tests.web.pages import PAGES, PHONE, WIDE, Visitor, WebPage, go, overflow, set_looks, settled
from tests.web.population import Population, enter, populate

FOLDER = Path(__file__).parents[2] / "build" / "screenshots"
LOOKS = (("light", "light", WIDE), ("dark", "dark", WIDE), ("phone", "light", PHONE))


def main() -> None:
    """Take the pictures, of all pages or of those that are named."""
    parser = argparse.ArgumentParser(description="Take pictures of the web application's pages.")
    parser.add_argument("--only", nargs="*", metavar="NAME", help="pages by the beginning of their names")
    parser.add_argument("--window", action="store_true", help="only what a window shows, for documentation")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where to put them")
    options = parser.parse_args()
    chosen = [one for one in PAGES if options.only is None or one.name.startswith(tuple(options.only))]
    if not chosen:
        parser.error(f"there is no such page; there are {', '.join(one.name for one in PAGES)}")
    options.folder.mkdir(parents=True, exist_ok=True)
    sys.exit(asyncio.run(_take(chosen, options.folder, whole=not options.window)))


async def _take(chosen: Sequence[WebPage], folder: Path, *, whole: bool) -> int:
    """Take pictures of these pages; return 1 if something is wrong with one."""
    wrong = 0
    async with AsyncExitStack() as stack:
        place = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        system = await stack.enter_async_context(LocalSystem(Path(place)))
        population = await populate(system)
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(
            executable_path=chromium.executable(), args=chromium.arguments()
        )
        stack.push_async_callback(browser.close)
        pages: dict[Visitor, Page] = {}
        for shown in chosen:
            if shown.visitor not in pages:
                pages[shown.visitor] = await _open_as(shown.visitor, browser, system, population)
            page = pages[shown.visitor]
            try:
                seconds = await go(page, shown, population.things)
            except AssertionError as error:
                wrong += 1
                sys.stdout.write(f"{shown.name}: {error}\n")
                continue
            sys.stdout.write(f"{shown.name}: {seconds:.2f} s\n")
            for look, scheme, size in LOOKS:
                await set_looks(page, scheme, size)
                await settled(page)
                await page.screenshot(path=folder / f"{shown.name}-{look}.png", full_page=whole)
                found = await violations(page)
                if more := await overflow(page):
                    found.append(f"is {more} pixels wider than the window")
                wrong += len(found)
                sys.stdout.writelines(f"  {look}: {problem}\n" for problem in found)
    sys.stdout.write(f"the pictures are in {folder}\n")
    return 1 if wrong else 0


async def _open_as(visitor: Visitor, browser: Browser, system: LocalSystem, population: Population) -> Page:
    context = await browser.new_context(base_url=system.url.removesuffix("/api/v1"))
    page = await context.new_page()
    await enter(page, visitor, population)
    return page


if __name__ == "__main__":
    main()
