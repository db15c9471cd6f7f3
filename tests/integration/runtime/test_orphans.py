"""Whatever is started ends with the one who started it, even if that one is killed."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TypedDict

import asyncpg

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.runtime.programs import POLITE, is_alive, python, until

PARENT = """
import asyncio, json, sys
from pathlib import Path
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from adrelay.runtime.supervisor import Supervisor

async def main(folder, command):
    postgres, nats = EmbeddedPostgres(folder / "pg"), EmbeddedNats(folder / "nats")
    async with Supervisor() as supervisor:
        for program in (postgres, nats, Service("s", command)):
            supervisor.supervise(program)
        await supervisor.until_ready()
        url = await postgres.ensure_database("billing")
        pids = [status.pid for status in supervisor.statuses()]
        print(json.dumps({"pids": pids, "url": url}), flush=True)
        await asyncio.Event().wait()

asyncio.run(main(Path(sys.argv[1]), sys.argv[2:]))
"""


class Started(TypedDict):
    pids: list[int]
    url: str


async def test_a_parent_killed_with_9_leaves_no_orphan_and_the_next_run_finds_its_data(folder: Path) -> None:
    journal = folder / "journal"
    parent = await asyncio.create_subprocess_exec(
        *python(PARENT, folder, *python(POLITE, "service", journal)),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ":".join(sys.path)},
    )
    assert parent.stdout is not None
    started: Started = json.loads(await parent.stdout.readline())
    connection = await asyncpg.connect(started["url"])
    await connection.execute("create table kept (id int); insert into kept values (7)")
    assert all(map(is_alive, started["pids"]))

    parent.kill()
    assert await parent.wait() == -signal.SIGKILL
    postgres, nats = EmbeddedPostgres(folder / "pg"), EmbeddedNats(folder / "nats")
    await postgres.start()  # at once: it waits for the dying one to leave the folder
    await nats.start()
    await until(lambda: not any(map(is_alive, started["pids"])))
    assert journal.read_text() == "service\n"

    connection.terminate()
    connection = await asyncpg.connect(postgres.url("billing"))
    assert await connection.fetchval("select id from kept") == 7
    await connection.close()
    await nats.stop()
    await postgres.stop()
