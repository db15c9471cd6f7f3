"""A service on the chassis as a process of its own."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from nats.aio.client import Client

from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_client import CommandClient
from libs.eventsourcing import Causes, EventStream
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.chassis.shop import Retire
from tests.integration.runtime.programs import until
from tests.support.databases import fresh_database
from tests.support.process import Process, started
from tests.support.signing import SIGNER

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz"


class Ended(NamedTuple):
    """What was left of a process."""

    code: int
    lines: list[str]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


async def start(log: Path, *, module: str = "shop_process", **variables: str) -> Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ADRELAY_")}
    settings = {f"ADRELAY_{name}": value for name, value in variables.items()}
    return await started(f"tests.integration.chassis.{module}", clean | settings, log)


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
        "COMMAND_PUBLIC_KEY": SIGNER.public_key,
    }


async def test_settings_that_are_not_valid_end_the_start_with_a_line_each(log: Path) -> None:
    weak = "hunter2hunter2"
    outcome = await ended(
        await start(log, NATS_URL="http://u:hunter2@somewhere", TILL_SECRET=weak, HTTP_PORT="hunter2")
    )
    assert outcome.code == 2
    assert len(outcome.lines) == 5
    assert [line.split()[:2] for line in sorted(outcome.lines)] == [
        ["shop:", "ADRELAY_COMMAND_PUBLIC_KEY"],
        ["shop:", "ADRELAY_HTTP_PORT"],
        ["shop:", "ADRELAY_NATS_URL"],
        ["shop:", "ADRELAY_POSTGRES_URL"],
        ["shop:", "ADRELAY_TILL_SECRET"],
    ]
    assert "hunter2" not in outcome.text


async def test_a_terminated_service_stops_well(variables: dict[str, str], client: Client, log: Path) -> None:
    process = await start(log, **variables)
    commands = CommandClient(
        client, SIGNER, prefix=variables["NATS_PREFIX"], timeout_seconds=DEADLINE_SECONDS
    )
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


@pytest_asyncio.fixture(loop_scope="session")
async def of_two(
    variables: dict[str, str], postgres_server: EmbeddedPostgres
) -> AsyncIterator[dict[str, str]]:
    """Yield the variables of two services of one process: a shop, and a stall, which stops first."""
    async with fresh_database(postgres_server) as url:
        yield {"module": "two_services", "STALL_POSTGRES_URL": url, "TILL_SECRET": SECRET, **variables}


def services_of(outcome: Ended, event: str) -> list[str]:
    """Return the services that logged an event, in order."""
    lines = map(json.loads, outcome.lines)
    return [line["service"] for line in lines if str(line["event"]).startswith(event)]


async def test_two_services_of_a_process_have_their_own_settings_and_stop_in_order(
    of_two: dict[str, str], log: Path
) -> None:
    process = await start(log, SHOP_LOG_LEVEL="error", **of_two)
    await until(lambda: process.output().count("service.started") == 2)
    process.send_signal(signal.SIGTERM)
    outcome = await ended(process)
    assert outcome.code == 0, outcome.text
    assert sorted(services_of(outcome, "service.started")) == ["shop", "stall"]
    assert services_of(outcome, "Finished server process") == ["stall", "shop"]


async def test_a_service_that_hangs_while_it_stops_does_not_keep_the_others_from_stopping(
    of_two: dict[str, str], log: Path
) -> None:
    process = await start(log, **{**of_two, "module": "hanging_stall"})
    await until(lambda: process.output().count("service.started") == 2)
    process.send_signal(signal.SIGTERM)
    await until(lambda: process.output().count("Finished server process") == 2)
    await process.killed()
    outcome = await ended(process)
    assert outcome.code == -signal.SIGKILL
    late = [json.loads(line) for line in outcome.lines if "service.stops_late" in line]
    assert late[0]["services"] == ["stall"]


async def test_a_service_that_fails_ends_its_process_after_the_others_have_stopped(
    of_two: dict[str, str], log: Path
) -> None:
    process = await start(log, **of_two, SHOP_MISCHIEF="crash when told")
    await until(lambda: process.output().count("service.started") == 2)
    process.send_signal(signal.SIGUSR1)
    outcome = await ended(process)
    assert outcome.code == 1
    assert services_of(outcome, "service.failed") == ["shop"]
    assert "stall" in services_of(outcome, "Finished server process")


async def test_settings_of_all_services_of_a_process_are_checked_before_any_starts(
    of_two: dict[str, str], log: Path
) -> None:
    outcome = await ended(await start(log, **{**of_two, "SHOP_TILL_SECRET": "weak", "STALL_NATS_URL": "x"}))
    assert outcome.code == 2
    assert [line.split()[:2] for line in sorted(outcome.lines)] == [
        ["shop:", "ADRELAY_SHOP_TILL_SECRET"],
        ["stall:", "ADRELAY_STALL_NATS_URL"],
    ]


async def test_a_process_that_is_terminated_while_it_waits_for_its_database_ends(
    variables: dict[str, str], log: Path
) -> None:
    nobody = f"postgresql://nobody@127.0.0.1:{free_port()}/shop"
    process = await start(log, **{**variables, "POSTGRES_URL": nobody})
    await until(lambda: "database.waiting" in process.output())
    process.send_signal(signal.SIGTERM)
    outcome = await ended(process)
    assert (outcome.code, "Traceback" in outcome.text) == (0, False)


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
