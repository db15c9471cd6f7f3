"""No page of the documentation holds a word that was to be replaced by a number or a text."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("docs", "bench", "libs")
PAGES = [*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))]
PLACEHOLDER = re.compile(r"@[A-Z][A-Z_]*@|\b(?:TODO|FIXME|TBD)\b")


def placeholders(text: str) -> list[str]:
    """Return what is still to be replaced in a text."""
    return PLACEHOLDER.findall(text)


@pytest.mark.parametrize(
    "text", ["takes @SEPARATE@ MiB", "@ADBOTS@", "@TWO_WORDS@ s", "TODO: measure", "(TBD)"]
)
def test_a_placeholder_is_found(text: str) -> None:
    assert len(placeholders(text)) == 1


@pytest.mark.parametrize("text", ["ops@EXAMPLE.org", "a@b@c", "`@name`, `@OTHER`", "USER-XXXXX"])
def test_addresses_and_names_are_no_placeholders(text: str) -> None:
    assert placeholders(text) == []


def test_no_page_holds_a_placeholder() -> None:
    assert len(PAGES) > 100
    found = {page.relative_to(ROOT).as_posix(): placeholders(page.read_text()) for page in PAGES}
    assert {name: words for name, words in found.items() if words} == {}
