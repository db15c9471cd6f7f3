"""Invalid values on the command line get error texts of our own, with no regular expression in them."""

import os
import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.terminal.menu import Entry, Menu, loaded
from tests.integration.gateway.shop import ADMIN_TOKEN

FOREIGN = re.compile(
    r"pattern|\^|pydantic|asyncpg|httpx|click|typer|Traceback|Errno|Value error|[Ii]nput should|"
    r"String should|\b[A-Za-z]+(Error|Exception)\b|unable to parse"
)
BAD = ("", "nonsense", "-1", "\x1b[31m?", "9" * 40, "HQADZ-1", "someone@", "../..")
"""Invalid values: arguments get the next two, options the next one, so that all are tried on each kind."""
NUMBERS = ("", "nonsense", "1.5.2")
"""Values for commands that would run until they are stopped if the value were valid."""
ENDLESS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("demo",): ("--cycles",),
    ("up",): ("--port", "--workers"),
    ("sandbox", "telegram"): ("--port", "--control-port"),
    ("sandbox", "nowpayments"): ("--port", "--retries", "--retry-seconds"),
    ("sandbox", "mail"): ("--port", "--control-port"),
}
UNREACHABLE = {
    "ADRELAY_POSTGRES_URL": "postgresql://user:hushhush@127.0.0.1:1",
    "ADRELAY_NATS_URL": "nats://127.0.0.1:1",
    "ADRELAY_GATEWAY_URL": "http://127.0.0.1:1",
    "ADRELAY_GATEWAY_ADMIN_TOKEN": ADMIN_TOKEN,
}


def leaves(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:  # noqa: ANN401 - typer keeps its types private
    """Return every command by its path."""
    if isinstance(command, Menu):
        for name, sub in command.commands.items():
            entry = command.entries.get(name)
            found = sub if entry is None else loaded(name, Entry(*entry))
            yield from leaves(found, (*path, name))
    else:
        yield path, command


COMMANDS = dict(leaves(typer.main.get_command(app)))


def lines() -> Iterator[list[str]]:
    """Return command lines with one invalid value each."""
    bad = cycle(BAD)
    for path, command in COMMANDS.items():
        arguments = [one for one in command.params if one.param_type_name == "argument"]
        needed = [one for one in command.params if one.param_type_name == "option" and one.required]
        good = ["1" for _ in arguments]
        asked = [word for one in needed for word in (one.opts[0], "1")]
        if path in ENDLESS:
            yield from ([*path, *asked, option, number] for option in ENDLESS[path] for number in NUMBERS)
            continue
        for index in range(len(arguments)):
            yield from ([*path, *asked, "--", *good[:index], next(bad), *good[index + 1 :]] for _ in range(2))
        for one in command.params:
            if one.param_type_name == "option" and not one.is_flag and one.name != "help":
                rest = [word for other in needed if other is not one for word in (other.opts[0], "1")]
                yield from ([*path, *rest, f"{one.opts[0]}={next(bad)}", "--", *good] for _ in range(1))


@pytest.fixture(autouse=True)
def nothing_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Configure unreachable servers, in an empty working folder."""
    for name in [name for name in os.environ if name.startswith("ADRELAY_")]:
        monkeypatch.delenv(name)
    for name, value in UNREACHABLE.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("group", sorted({path[0] for path in COMMANDS}))
def test_no_bad_value_is_answered_with_a_librarys_error_text(group: str) -> None:
    fed = 0
    for line in lines():
        if line[0] != group:
            continue
        fed += 1
        ran = CliRunner().invoke(app, line, prog_name="adrelay")
        assert not isinstance(ran.exception, Exception) or isinstance(ran.exception, SystemExit), (
            line,
            ran.exception,
        )
        assert ran.exit_code in {0, 1, 2}, (line, ran.output)
        found = FOREIGN.search(ran.output)
        assert found is None, (line, ran.output)
        assert "mistake in adrelay" not in ran.output, (line, ran.output)
        assert "hushhush" not in ran.output
    assert fed or group == "keygen"
