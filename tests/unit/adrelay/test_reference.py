"""The generated reference pages are up to date."""

from pathlib import Path

import pytest

from adrelay.reference import ROOT, pages


@pytest.mark.parametrize("path", pages(), ids=str)
def test_the_generated_page_is_up_to_date(path: Path) -> None:
    written = (ROOT / path).read_text()
    assert written == pages()[path], "run: python -m adrelay.reference"
