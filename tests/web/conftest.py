"""A browser, and pages that fail the test if their console complains."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright, expect

from tests.deadlines import DEADLINE_SECONDS
from tests.web import browser as chromium

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
OpenPage = Callable[..., Awaitable[Page]]
expect.set_options(timeout=30_000)


@pytest_asyncio.fixture(scope="session", loop_scope="session", name="browser")
async def _browser() -> AsyncIterator[Browser]:
    path = chromium.executable()
    assert path is not None, "there is no Chromium: see CONTRIBUTING.md"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=chromium.arguments())
        yield browser
        await browser.close()


@pytest_asyncio.fixture(name="open_page")
async def _open_page(browser: Browser) -> AsyncIterator[OpenPage]:
    """Yield a function that opens a page as a new visitor; options are those of a browser context."""
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_page(**options: object) -> Page:
        context = await browser.new_context(**options)  # type: ignore[arg-type]  # playwright's own options
        context.set_default_timeout(DEADLINE_SECONDS * 1000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(_complaint(message.type, message.text)))
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert complaints == []


def _complaint(kind: str, text: str) -> list[str]:
    """Return an error of the console, unless it is one that says that a request was refused."""
    refused = re.search(r"^Failed to load resource: .* status of 4\d\d", text)
    return [text] if kind == "error" and not refused else []


async def violations(page: Page) -> list[str]:
    """Return what axe finds wrong with a page's accessibility, and where."""
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("axe.run().then(({violations}) => violations)")
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
