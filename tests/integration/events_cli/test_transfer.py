"""`adrelay events export` and `import`."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES
from libs.events.catalogue import published
from libs.eventsourcing import Engine
from libs.eventsourcing.values import Cursor
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import CommandResult, ran

LEFT_OUT = {"xid", "position"}


@pytest_asyncio.fixture(loop_scope="session")
async def dump(harness: EventsHarness, tmp_path: Path) -> Path:
    """An export of everything."""
    await harness.relayed()
    file = tmp_path / "all.jsonl"
    exported = await ran(harness.settings, "export", "--output", str(file))
    assert exported.code == 0, exported.err
    return file


@pytest_asyncio.fixture(loop_scope="session")
async def scratch(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A name for scratch databases, which are dropped afterwards."""
    name = f"scratch{uuid4().hex[:8]}"
    yield name
    for service in SERVICES:
        await postgres_server.drop_database(f"{name}_{service}")


def events(file: Path) -> list[dict[str, object]]:
    """Return the events of an export without their places in the store."""
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if name not in LEFT_OUT}
        for line in lines
        if "stream" in line
    ]


def read(file: Path) -> bytes:
    return file.read_bytes()


def write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


def beside(file: Path) -> list[str]:
    return [one.name for one in file.parent.iterdir()]


async def databases(server: EmbeddedPostgres) -> set[str]:
    connection = await asyncpg.connect(server.url("postgres"))
    try:
        return {row["datname"] for row in await connection.fetch("select datname from pg_database")}
    finally:
        await connection.close()


async def test_what_was_exported_and_imported_is_exported_again_the_same(
    harness: EventsHarness, dump: Path, scratch: str, tmp_path: Path
) -> None:
    imported = await ran(harness.settings, "import", str(dump), "--into", scratch, "--json")
    assert imported.code == 0, imported.err
    assert sum(imported.document["events"].values()) == len(events(dump))
    again = tmp_path / "again.jsonl"
    exported = await ran(harness.settings, "export", "-o", str(again), "--scratch", scratch, "--json")
    assert exported.code == 0, exported.err
    assert events(again) == events(dump)
    assert exported.document["events"] == imported.document["events"]


async def test_a_scratch_copy_can_be_looked_at(harness: EventsHarness, dump: Path, scratch: str) -> None:
    await ran(harness.settings, "import", str(dump), "--into", scratch)
    order = f"order-{harness.scenario.order}"
    shown = await ran(harness.settings, "show", order, "--json", "--scratch", scratch)
    original = await ran(harness.settings, "show", order, "--json")
    assert shown.out == original.out
    traced = await ran(harness.settings, "trace", str(harness.scenario.cycle), "--json", "--scratch", scratch)
    assert len(traced.document["stories"][0]["events"]) == 10


async def test_the_export_on_standard_output_is_the_same(harness: EventsHarness, dump: Path) -> None:
    exported = await ran(harness.settings, "export", "--service", "billing")
    assert exported.code == 0
    lines = [json.loads(line) for line in exported.out.splitlines()]
    assert [line["id"] for line in lines if "stream" in line] == [
        line["id"] for line in events(dump) if line["service"] == "billing"
    ]


async def test_readers_stand_behind_the_same_events_after_an_import(
    harness: EventsHarness, tmp_path: Path, scratch: str
) -> None:
    provisioning = harness.engines["provisioning"]
    finished = harness.scenario.appended["PaymentFinished"]
    await provisioning.query(
        lambda sql: sql.execute(
            "insert into engine.checkpoints values ('stand', 'billing', $1, $2) "
            "on conflict (reader, source) do update set xid = $1, position = $2",
            *finished.cursor,
        )
    )
    file = tmp_path / "two.jsonl"
    await ran(
        harness.settings, "export", "-o", str(file), "--service", "billing", "--service", "provisioning"
    )
    imported = await ran(harness.settings, "import", str(file), "--into", scratch)
    assert imported.code == 0, imported.err
    moved = {
        name: url.rpartition("/")[0] + f"/{scratch}_{name}"
        for name, url in harness.databases.items()
        if name in {"billing", "provisioning"}
    }
    store = await asyncpg.connect(moved["billing"])
    row = await store.fetchrow(
        "select xid::text as xid, position from engine.events where id = $1", finished.envelope.id
    )
    await store.close()
    assert row is not None
    engine = Engine("provisioning", moved["provisioning"], published())
    await engine.start(pool_size=2)
    assert await engine.checkpoint("stand", "billing") == Cursor(int(row["xid"]), row["position"])
    await engine.stop()


async def refused(harness: EventsHarness, server: EmbeddedPostgres, file: Path, name: str) -> CommandResult:
    """Try to import, and see that nothing was made of it."""
    before = await databases(server)
    imported = await ran(harness.settings, "import", str(file), "--into", name)
    assert (imported.code, imported.out) == (2, "")
    assert imported.err.count("\n") == 1, imported.err
    assert await databases(server) == before
    return imported


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
async def test_a_half_written_file_is_refused_and_nothing_changes(
    harness: EventsHarness, dump: Path, scratch: str, postgres_server: EmbeddedPostgres, kept: float
) -> None:
    whole = read(dump)
    write(dump, whole[: int(len(whole) * kept)])
    imported = await refused(harness, postgres_server, dump, scratch)
    assert "it is cut off" in imported.err
    lines = whole.splitlines(keepends=True)
    write(dump, b"".join(lines[: int(len(lines) * kept)]))
    imported = await refused(harness, postgres_server, dump, scratch)
    assert "ends in the middle" in imported.err


async def test_a_changed_file_is_refused(
    harness: EventsHarness, dump: Path, scratch: str, postgres_server: EmbeddedPostgres
) -> None:
    whole = read(dump).decode()
    for change, problem in (
        (whole.replace("client@example.org", "thief@example.org"), "was changed since it was exported"),
        (whole.replace('"version":1,', '"version":2,', 1), "line 2"),
        (whole.replace('"OrderPlaced"', '"OrderPlucked"', 1), "does not know OrderPlucked"),
        (whole + "{}\n", "something follows the end"),
        ("{}\n", "it is no export of events"),
        ("", "ends in the middle"),
        ("hello", "it is cut off"),
    ):
        write(dump, change.encode())
        imported = await refused(harness, postgres_server, dump, scratch)
        assert problem in imported.err
    missing = dump.with_name("missing.jsonl")
    assert "can't be read" in (await refused(harness, postgres_server, missing, scratch)).err


async def test_a_store_that_holds_events_or_is_in_use_is_left_alone(
    harness: EventsHarness, dump: Path, scratch: str
) -> None:
    imported = await ran(harness.settings, "import", str(dump))
    assert imported.code == 2
    assert "billing is running: stop it first" in imported.err
    assert (await ran(harness.settings, "import", str(dump), "--into", scratch)).code == 0
    imported = await ran(harness.settings, "import", str(dump), "--into", scratch)
    assert imported.code == 2
    assert f"{scratch}_billing holds events already" in imported.err


async def test_if_one_store_is_not_empty_none_is_filled(
    harness: EventsHarness, dump: Path, scratch: str, postgres_server: EmbeddedPostgres
) -> None:
    only = await ran(harness.settings, "import", str(dump), "--into", scratch, "--service", "gateway")
    assert only.code == 0, only.err
    imported = await refused(harness, postgres_server, dump, scratch)
    assert f"{scratch}_gateway holds events already" in imported.err
    assert f"{scratch}_billing" not in await databases(postgres_server)


async def test_an_existing_file_is_not_written_over(harness: EventsHarness, dump: Path) -> None:
    before = read(dump)
    exported = await ran(harness.settings, "export", "-o", str(dump))
    assert exported.code == 2
    assert "exists already" in exported.err
    assert read(dump) == before
    assert beside(dump) == [dump.name]
