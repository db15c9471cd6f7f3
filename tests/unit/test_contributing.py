"""The files that CONTRIBUTING names exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    row
    for row in (ROOT / "CONTRIBUTING.md")
    .read_text()
    .partition("## Where does")[2]
    .partition("\n## ")[0]
    .splitlines()
    if row.startswith("| ") and not row.startswith(("| change ", "| --- "))
]
PATHS = sorted({path for row in ROWS for path in re.findall(r"`([a-z_]+/[\w./]+)`", row)})


def test_twelve_changes_are_listed_each_with_a_file() -> None:
    assert len(ROWS) == 12
    assert all(re.search(r"`[a-z_]+/[\w./]+`", row) for row in ROWS)


@pytest.mark.parametrize("path", PATHS)
def test_the_files_of_every_change_exist(path: str) -> None:
    found = ROOT / path
    assert found.is_dir() if path.endswith("/") else found.is_file()
