"""A browser, and pages that fail the test if their console complains."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright, expect

from tests.deadlines import DEADLINE_SECONDS
from tests.web import browser as chromium

OpenPage = Callable[..., Awaitable[Page]]
expect.set_options(timeout=DEADLINE_SECONDS * 1000)
_REFUSED = r"^Failed to load resource: .* status of 4\d\d"
_REFUSED_OR_LOST = rf"{_REFUSED}|^Failed to load resource: (net::ERR_|.* status of 503)|^ApiError: "


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
    """Yield a function that opens a page as a new visitor; options are those of a browser context.

    A page that will be `cut_off` may say in its console that the gateway does not answer.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_page(*, cut_off: bool = False, **options: object) -> Page:
        context = await browser.new_context(**options)  # type: ignore[arg-type]  # playwright's own options
        context.set_default_timeout(DEADLINE_SECONDS * 1000)
        contexts.append(context)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        expected = _REFUSED_OR_LOST if cut_off else _REFUSED
        page.on("console", lambda message: complaints.extend(_complaint(message, expected)))
        return page

    yield open_page
    for context in contexts:
        await context.close()
    assert complaints == []


def _complaint(message: ConsoleMessage, expected: str) -> list[str]:
    """Return an error of the console, unless it is expected."""
    known = re.search(expected, message.text)
    return [message.text] if message.type == "error" and not known else []
