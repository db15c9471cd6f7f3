"""What axe finds wrong with a page."""

from pathlib import Path

from playwright.async_api import Page

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
_COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
_STILL = """() => Promise.all(
    document.getAnimations()
        .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
        .map((one) => one.finished.catch(() => null))
)"""
"""Waits for what fades in or moves: a colour that is not yet there has no contrast."""
_RUN = "(options) => axe.run({resultTypes: ['violations'], ...options}).then(({violations}) => violations)"


async def violations(page: Page, *, only_colours: bool = False) -> list[str]:
    """Return what axe finds wrong with a page's accessibility, or with its colours only, and where."""
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE.read_text())
    await page.evaluate(_STILL)
    found = await page.evaluate(_RUN, _COLOURS if only_colours else {})
    return [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]]
