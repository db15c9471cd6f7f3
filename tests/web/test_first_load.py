"""What a browser loads at first."""

import re
from pathlib import Path

DIST = Path(__file__).parents[2] / "web" / "dist"
MOST_BYTES = 200_000


def test_the_first_load_has_at_most_200_kb_of_script_when_compressed() -> None:
    scripts = re.findall(r'(?:src|href)="/(assets/[^"]+\.js)"', (DIST / "index.html").read_text())

    assert scripts
    assert sum(_sent(DIST / script) for script in scripts) <= MOST_BYTES


def test_pages_name_no_other_host() -> None:
    page = (DIST / "index.html").read_text()

    assert re.findall(r'(?:src|href)="(?!/)[^"]*"', page) == []
    assert "<script>" not in page, "the policy forbids scripts in pages"


def _sent(file: Path) -> int:
    compressed = file.with_name(f"{file.name}.gz")
    return (compressed if compressed.exists() else file).stat().st_size
