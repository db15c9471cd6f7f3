"""A service on the chassis as a process of its own."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
import os
import signal
from pathlib import Path
from typing import NamedTuple

import pytest
from nats.aio.client import Client

from libs.chassis.command_client import CommandClient
from libs.eventsourcing import Causes, EventStream
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import Retire
from tests.support.process import Process, started

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ended(NamedTuple):
    """What was left of a process."""

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def start(log: Path, **variables: str) -> Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
    settings = {f"ADRELAY_{name}": value for name, value in variables.items()}
    return await started("tests.integration.chassis.shop_process", clean | settings, log)


async def ended(process: Process) -> Ended:
    try:
        code = await process.ended()
    finally:
        await process.killed()
    return Ended(code, process.output().splitlines())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the file for what the process prints."""
    return tmp_path / "log"


@pytest.fixture
def variables(database: str, nats_url: str, stream_prefix: str) -> dict[str, str]:
    return {
        "POSTGRES_URL": database,
        "NATS_URL": nats_url,
        "NATS_PREFIX": stream_prefix,
        "SHOP_TILL_SECRET": SECRET,
    }


async def test_settings_that_are_not_valid_end_the_start_with_a_line_each(log: Path) -> None:
    weak = "hunter2hunter2"
    outcome = await ended(
        await start(log, NATS_URL="http://u:hunter2@somewhere", TILL_SECRET=weak, HTTP_PORT="hunter2")
    )
    assert outcome.code == 2
    assert len(outcome.lines) == 4
    assert [line.split()[:2] for line in sorted(outcome.lines)] == [
        ["shop:", "ADRELAY_HTTP_PORT"],
        ["shop:", "ADRELAY_NATS_URL"],
        ["shop:", "ADRELAY_POSTGRES_URL"],
        ["shop:", "ADRELAY_TILL_SECRET"],
    ]
    assert "hunter2" not in outcome.text


async def test_a_terminated_service_stops_well(variables: dict[str, str], client: Client, log: Path) -> None:
    process = await start(log, **variables)
    commands = CommandClient(client, prefix=variables["NATS_PREFIX"], timeout_seconds=DEADLINE_SECONDS)
    await commands.send(Retire(code="tea", times=1500), Causes.first("test"))
    process.send_signal(signal.SIGTERM)
    outcome = await ended(process)
    assert outcome.code == 0, outcome.text
    assert await EventStream(client, prefix=variables["NATS_PREFIX"]).count() == 1500
    for line in outcome.lines:
        assert json.loads(line)["service"] == "shop"
    password = variables["POSTGRES_URL"].split("@")[0].rpartition(":")[2]
    assert password not in outcome.text
    assert SECRET not in outcome.text


@pytest.mark.parametrize("mischief", ["crash", "end"])
async def test_a_loop_that_ends_takes_the_process_with_it(
    variables: dict[str, str], log: Path, mischief: str
) -> None:
    outcome = await ended(await start(log, **variables, SHOP_MISCHIEF=mischief))
    assert outcome.code == 1
    failed = [json.loads(line) for line in outcome.lines if "service.failed" in line]
    assert [line["error"] for line in failed] == ["RuntimeError"]
    assert "shop:hunter2" not in outcome.text, "credentials in a URL are hidden, in a traceback too"


async def test_a_port_that_is_taken_ends_the_start(
    variables: dict[str, str], nats_url: str, log: Path
) -> None:
    taken = nats_url.rpartition(":")[2]
    outcome = await ended(await start(log, **variables, SHOP_HTTP_PORT=taken))
    assert outcome.code == 1
    assert "address already in use" in outcome.text
