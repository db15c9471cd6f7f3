"""A service on the chassis as a process of its own."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from nats.aio.client import Client

from libs.chassis.command_client import CommandClient
from libs.eventsourcing import Causes, EventStream
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import Retire

ROOT = Path(__file__).parents[3]
SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ended(NamedTuple):
    """What was left of a process."""

    code: int | None
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def start(**variables: str) -> asyncio.subprocess.Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.integration.chassis.shop_process",
        env=clean | {f"ADRELAY_{name}": value for name, value in variables.items()},
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(process: asyncio.subprocess.Process) -> Ended:
    try:
        _, errors = await asyncio.wait_for(process.communicate(), DEADLINE_SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return Ended(process.returncode, errors.decode().splitlines())


@pytest.fixture
def variables(database: str, nats_url: str, stream_prefix: str) -> dict[str, str]:
    return {
        "POSTGRES_URL": database,
        "NATS_URL": nats_url,
        "NATS_PREFIX": stream_prefix,
        "SHOP_TILL_SECRET": SECRET,
    }


async def test_settings_that_are_not_valid_end_the_start_with_a_line_each() -> None:
    weak = "hunter2hunter2"
    outcome = await ended(
        await start(NATS_URL="http://u:hunter2@somewhere", TILL_SECRET=weak, HTTP_PORT="hunter2")
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


async def test_a_terminated_service_stops_well(variables: dict[str, str], client: Client) -> None:
    process = await start(**variables)
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
async def test_a_loop_that_ends_takes_the_process_with_it(variables: dict[str, str], mischief: str) -> None:
    outcome = await ended(await start(**variables, SHOP_MISCHIEF=mischief))
    assert outcome.code == 1
    failed = [json.loads(line) for line in outcome.lines if "service.failed" in line]
    assert [line["error"] for line in failed] == ["RuntimeError"]
    assert "shop:hunter2" not in outcome.text, "credentials in a URL are hidden, in a traceback too"


async def test_a_port_that_is_taken_ends_the_start(variables: dict[str, str], nats_url: str) -> None:
    taken = nats_url.rpartition(":")[2]
    outcome = await ended(await start(**variables, SHOP_HTTP_PORT=taken))
    assert outcome.code == 1
    assert "address already in use" in outcome.text
