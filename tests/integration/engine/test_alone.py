"""The engine runs with nothing else of this tree: the example of its page, and a small service."""

import asyncio
import json
import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import libs.eventsourcing
from adrelay.runtime.nats import EmbeddedNats
from tests.deadlines import DEADLINE_SECONDS

ENGINE = Path(libs.eventsourcing.__file__ or "").parent
RUN = """
import runpy, sys
sys.path[:0] = sys.argv[1:3]
runpy.run_path(sys.argv[3], run_name="__main__")
"""
KIOSK = '''
"""A kiosk that sells cups, and reorders them: a decider, a state table, a reaction, a timer, a read model."""

import asyncio
import importlib.util
import json
import os
import sys
from dataclasses import dataclass
from typing import ClassVar

import nats

from libs.eventsourcing import Causes, Decider, Engine, Event, EventCatalogue, EventStream, Projection
from libs.eventsourcing import Reactions, Reader, Refused, Relay, Sql, TableSql, UnitOfWork
from libs.eventsourcing.background import Timer

OURS = ["libs.events", "libs.chassis", "libs.nowpayments", "services", "adrelay", "sandbox", "tests"]


class KioskEvent(Event):
    owner: ClassVar[str] = "kiosk"


class CupSold(KioskEvent):
    number: int


class CupsOrdered(KioskEvent):
    for_cup: int


class CupWashed(KioskEvent):
    number: int


@dataclass(frozen=True)
class Sell:
    left: int


def sell(command: Sell, sold: int | None) -> list[CupSold]:
    if (sold or 0) >= command.left:
        raise Refused("sold_out")
    return [CupSold(number=(sold or 0) + 1)]


CUPS = Decider("cups", sell, lambda _, event: event.number)
ORDERS = Decider("orders", lambda cup, _: [CupsOrdered(for_cup=cup)], lambda count, _: (count or 0) + 1)
WASHED = Decider(
    "washed",
    lambda cup, done: [] if done else [CupWashed(number=cup)],
    lambda *_: True,
    correlated_with=lambda _, stream: CUPS.stream("all"),  # no command leads to what a timer does
)
DIRTY = Projection("dirty", version=1, ddl="create table dirty (cup integer primary key, since timestamptz)")
SUMS = Projection("sums", version=1, ddl="create table sums (what text primary key, count integer)")


@DIRTY.on(CupSold)
async def dirtied(event: CupSold, sql: TableSql) -> None:
    await sql.insert(cup=event.number, since=sql.at)


@DIRTY.on(CupWashed)
async def washed(event: CupWashed, sql: TableSql) -> None:
    await sql.execute("delete from dirty where cup = $1", event.number)


async def count(event: Event, sql: TableSql) -> None:
    await sql.execute(
        "insert into sums values ($1, 1) on conflict (what) do update set count = sums.count + 1",
        type(event).__name__,
    )


for kind in (CupSold, CupsOrdered, CupWashed):
    SUMS.on(kind)(count)

REACTIONS = Reactions()


@REACTIONS.to(CupSold)
async def reorder(event: CupSold, unit: UnitOfWork) -> None:
    await unit.execute(ORDERS, "all", event.number)


async def earliest(sql: Sql):
    return await sql.fetchval("select min(since) from dirty")


async def wash(unit: UnitOfWork) -> int:
    row = await unit.unflushed.fetchrow("select cup from dirty limit 1 for update skip locked")
    if row is None:
        return 0
    await unit.execute(WASHED, row["cup"], row["cup"])
    return 1


async def main(cups: int, *, dies: bool) -> None:
    kinds = EventCatalogue([CupSold, CupsOrdered, CupWashed])
    engine = Engine("kiosk", os.environ["POSTGRES_URL"], kinds, state_tables=[DIRTY], read_models=[SUMS])
    await engine.start()
    stream = EventStream(await nats.connect(os.environ["NATS_URL"]))
    reader = Reader.of_read_models(engine, stream)
    loops = [
        Relay(engine, stream).run,
        reader.run,
        Reader("reactions", engine, stream, reactions=REACTIONS).run,
        Timer("wash", engine, earliest=earliest, take=wash).run,
    ]
    running = [asyncio.create_task(loop()) for loop in loops]
    me = Causes.first("test")
    refused = ""
    while not refused:
        try:
            await engine.run(lambda unit: unit.execute(CUPS, "all", Sell(cups)), me)
        except Refused as refusal:
            refused = refusal.code
        await asyncio.sleep(0.005)
    if dies:
        os._exit(9)  # whatever was under way
    wanted = {"CupSold": cups, "CupsOrdered": cups, "CupWashed": cups}
    sums = {}
    while sums != wanted:
        rows = await engine.query(lambda sql: sql.fetch("select what, count from sums"))
        sums = {row["what"]: row["count"] for row in rows}
        for ended in [task for task in running if task.done()]:
            ended.result()
        await asyncio.sleep(0.05)
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    stored = await engine.query(lambda sql: sql.fetchval("select count(*) from engine.events"))
    await engine.stop()
    spied = [name for name in OURS if importlib.util.find_spec(name) is not None]
    print(json.dumps({"refused": refused, "sums": sums, "stored": stored, "ours": spied}))


asyncio.run(main(int(sys.argv[4]), dies=sys.argv[5] == "dies"))
'''

Run = Callable[..., Awaitable[tuple[int, str]]]


@pytest.fixture
def run(tmp_path: Path, database: str, own_nats: EmbeddedNats) -> Run:
    """Run a program that finds this package and what is installed, and nothing else of this tree."""
    libs_folder = tmp_path / "libs"
    shutil.copytree(ENGINE, libs_folder / "eventsourcing", ignore=shutil.ignore_patterns("__pycache__"))
    (libs_folder / "__init__.py").touch()
    installed = sysconfig.get_path("purelib")

    async def run(source: str, *arguments: str) -> tuple[int, str]:
        program = tmp_path / "program.py"
        program.write_text(source)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-ISc",  # no path of ours, and none that an installed package adds
            RUN,
            str(tmp_path),
            installed,
            str(program),
            *arguments,
            env={"PATH": os.environ["PATH"], "POSTGRES_URL": database, "NATS_URL": own_nats.url},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, problems = await asyncio.wait_for(process.communicate(), 2 * DEADLINE_SECONDS)
        except TimeoutError:
            process.kill()
            raise
        assert process.returncode is not None
        assert b"Traceback" not in problems, problems.decode()
        return process.returncode, out.decode()

    return run


async def test_the_example_of_the_page_counts(run: Run) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (ENGINE / "README.md").read_text(), re.DOTALL)
    for total in (3, 6):
        code, out = await run(example)
        assert code == 0
        assert out.splitlines()[-1] == f"[<Record counter='counter-clicks' total={total}>]"


async def test_a_service_elsewhere_sells_every_cup_once_though_it_is_killed(run: Run) -> None:
    assert (await run(KIOSK, "10", "dies"))[0] == 9
    code, out = await run(KIOSK, "25", "lives")
    assert code == 0
    sums = {"CupSold": 25, "CupsOrdered": 25, "CupWashed": 25}
    told = json.loads(out.splitlines()[-1])
    assert told == {"refused": "sold_out", "sums": sums, "stored": 75, "ours": []}
