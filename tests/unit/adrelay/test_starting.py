"""Help, version and completion are fast: they import no package that only commands need."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest

from adrelay.cli import app, sandbox
from adrelay.commands.accounts import access
from adrelay.commands.adbots import figures as adbot_figures
from adrelay.commands.adbots import managing
from adrelay.commands.adbots import settings as adbot_settings
from adrelay.commands.catalogue import Kind
from adrelay.commands.events.group import events
from adrelay.commands.events.tables.folded import tables_of
from adrelay.commands.forwarding import SessionState
from adrelay.commands.orders.commands import OrderStatus, PaymentStatus
from adrelay.names import SERVICES, TABLES
from adrelay.terminal.menu import Entry, Menu, loaded
from libs.events.scheduler import PostOrder
from libs.events.values import PlanKind, TextFormat
from services.gateway.hooks.deliveries import DeliveryState
from services.gateway.tables import figures, orders, stock
from services.gateway.tables.adbot_states import AdbotStatus

ROOT = Path(__file__).parents[3]
# without pydantic, by which typer itself checks arguments
HEAVY = {
    "asyncio",
    "asyncpg",
    "dotenv",
    "fastapi",
    "faststream",
    "httpx",
    "nats",
    "pydantic_settings",
    "rich",
    "services",
    "telethon",
    "structlog",
    "sandbox",
    "uvicorn",
}
PROGRAM = """
import json, os, sys
import adrelay.cli  # which every command line imports
from adrelay.__main__ import main
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        print("ended", flush=True)
        continue
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["adrelay", *asked["arguments"]]
    for number, name in ((1, "output"), (2, "errors")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    try:
        main()
    except SystemExit:
        pass
    finally:
        print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
"""
"""Runs command lines in forks, so that what all of them import is imported once."""

Run = Callable[..., tuple[str, set[str]]]


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """Return a command line's output, and the packages that it imported."""
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.defpath}
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        asking, answering = program.stdin, program.stdout

        def run(*arguments: str, folder: Path, **settings: str) -> tuple[str, set[str]]:
            asked = {
                "arguments": arguments,
                "folder": str(folder),
                "environment": {**environment, "HOME": str(folder), **settings},
            }
            print(json.dumps(asked), file=asking, flush=True)
            assert answering.readline() == "ended\n"
            output, errors = ((folder / name).read_text() for name in ("output", "errors"))
            *others, imported = errors.splitlines()
            return (output + "\n".join(others)).strip(), set(imported.split())

        yield run


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--help"], "Operate it:"),
        (["--version"], "adrelay "),
        (["events", "--help"], "republish"),
        (["events", "tail", "--help"], "--correlation"),
        (["events", "dead", "--help"], "retry"),
        (["orders", "--help"], "mark-paid"),
        (["orders", "list", "--help"], "--payment-status"),
        (["catalogue", "add", "--help"], "--price"),
        (["adbots", "--help"], "check-posts"),
        (["adbots", "advertise", "--help"], "--groups-file"),
        (["group-lists", "--help"], "unassign"),
        (["stock", "add", "--help"], "--strings"),
        (["activity", "--help"], "export"),
        (["operations", "--help"], "follow"),
        (["accounts", "--help"], "revoke-api-key"),
        (["sandbox", "--help"], "nowpayments"),
    ],
    ids=str,
)
def test_help_imports_no_package_that_only_commands_need(
    run: Run, arguments: list[str], expected: str, tmp_path: Path
) -> None:
    out, imported = run(*arguments, folder=tmp_path)
    assert expected in out
    assert not imported & HEAVY


def test_up_imports_nothing_that_only_its_helper_needs(run: Run, tmp_path: Path) -> None:
    out, imported = run("up", "--env-file", "missing", folder=tmp_path)
    assert "there is no file missing" in out
    assert not imported & {
        "asyncpg",
        "cryptography",
        "nats",
        "pydantic",
        "pydantic_settings",
        "services",
        "structlog",
    }


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("adrelay ev", {"events"}),
        ("adrelay events re", {"rebase", "rebuild", "republish", "retire"}),
        ("adrelay events tail --service ", {"billing", "forwarder", "gateway", "provisioning", "scheduler"}),
        ("adrelay events tail --service f", {"forwarder"}),
        ("adrelay events rebuild gateway ord", {"order_history", "orders"}),
        ("adrelay events verify --table open", {"open_payments"}),
        ("adrelay orders list --status pa", {"PAID"}),
        ("adrelay catalogue add --kind st", {"starter"}),
        ("adrelay up --w", {"--workers"}),
        ("adrelay demo --al", {"--album"}),
    ],
)
def test_completion_offers_the_valid_values(run: Run, words: str, offered: set[str], tmp_path: Path) -> None:
    out, imported = run(folder=tmp_path, **_completing(words))
    assert set(out.split()) == offered
    assert not imported & (HEAVY - {"asyncio"})


def test_completion_offers_nothing_without_a_gateway(run: Run, tmp_path: Path) -> None:
    gateway = {"ADRELAY_GATEWAY_URL": "http://127.0.0.1:1", "ADRELAY_GATEWAY_ADMIN_TOKEN": "x" * 40}
    for settings in ({}, gateway):
        out, imported = run(folder=tmp_path, **_completing("adrelay orders show HQ"), **settings)
        assert out == ""
        assert not imported & (HEAVY - {"dotenv"})


def _completing(words: str) -> dict[str, str]:
    """Return the environment that bash sets when TAB is pressed behind these words."""
    return {"_ADRELAY_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}


def _menus() -> list[tuple[str, Entry]]:
    apps = (app, sandbox, events)
    menus = [menu for one in apps if isinstance(menu := one.info.cls, type) and issubclass(menu, Menu)]
    return [(name, entry) for menu in menus for name, entry in menu.entries.items()]


@pytest.mark.parametrize(("name", "entry"), _menus())
def test_the_menu_shows_each_commands_own_help(name: str, entry: Entry) -> None:
    help_text = " ".join((loaded(name, entry).help or "").split())
    assert help_text.startswith(entry.help)


def test_completion_knows_every_service_and_table() -> None:
    folded = {name: tables_of(name, "postgresql://nowhere.invalid") for name in SERVICES}
    assert {name: tuple(sorted(tables.schemas)) for name, tables in folded.items()} == TABLES


def test_the_options_offer_every_state_and_kind() -> None:
    assert get_args(OrderStatus) == tuple(orders.OrderStatus)
    assert get_args(PaymentStatus) == tuple(orders.PaymentStatus)
    assert get_args(Kind) == tuple(PlanKind)
    assert get_args(managing.AdbotStatus) == tuple(AdbotStatus)
    assert get_args(adbot_figures.GroupState) == tuple(figures.GroupState)
    assert get_args(adbot_settings.Order) == tuple(PostOrder)
    assert get_args(adbot_settings.TextFormat) == tuple(TextFormat)
    assert get_args(access.MessageState) == tuple(DeliveryState)
    assert get_args(SessionState) == tuple(stock.SessionState)
