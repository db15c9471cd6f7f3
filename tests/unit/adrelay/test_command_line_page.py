"""The page about the command line names all commands, and those that end with 1 if something is wrong."""

import re
from pathlib import Path

from adrelay.cli import OPERATE, app
from adrelay.terminal.menu import Menu
from tests.unit.adrelay.test_command_routes import JUDGING

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "command-line.md").read_text()
MENU = app.info.cls
assert isinstance(MENU, type)
assert issubclass(MENU, Menu)
ENTRIES = MENU.entries


def test_every_command_is_listed_with_its_help() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+) \|$", PAGE, re.MULTILINE)
    assert rows == [(name, entry.help) for name, entry in ENTRIES.items()]


def test_every_group_of_the_gateway_prints_json() -> None:
    [groups] = re.findall(r"of `events` and of the gateway \(([^)]*)\)", PAGE)
    of_gateway = {name for name, entry in ENTRIES.items() if entry.section == OPERATE} - {"events"}
    assert set(re.findall(r"`([a-z-]+)`", groups)) == of_gateway


def test_every_command_that_judges_is_named_with_its_exit_code() -> None:
    codes = PAGE.partition("## Exit codes")[2].partition("\n## ")[0]
    assert set(re.findall(r"`([a-z]+ [a-z-]+)`", codes)) == JUDGING
