"""What a running system exported is imported into real, empty stores: into all of them, or into none."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

import asyncpg
import nats
import pytest
import pytest_asyncio
from nats.js.errors import NotFoundError

from adrelay.commands.events.tables.folded import tables_of
from adrelay.commands.events.transfer.dump import read_dump
from adrelay.commands.events.transfer.filling import fill
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.servers.new_databases import DatabaseCreator
from adrelay.system import SERVICES
from libs.chassis.broker import event_stream
from libs.chassis.names import APPLICATION
from libs.events.billing import OrderPlaced
from libs.events.catalogue import published
from libs.eventsourcing import Engine, EventStream, Reactions, Reader, Relay, UnitOfWork
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.store.connections import Connection
from tests.integration.engine.waiting import running
from tests.integration.engine_tools.counting import last_cursor
from tests.integration.engine_tools.test_commands import Office, furnished
from tests.integration.events_cli.program import CommandResult
from tests.integration.events_cli.scenario import Scenario
from tests.integration.events_cli.test_transfer import events, read, write
from tests.support.waiting import until

_TABLES = "select relname from pg_class where relnamespace = to_regnamespace('engine') and relkind = 'r'"
_REFUSE_AT_COMMIT = """
create function engine.refuse() returns trigger language plpgsql as
'begin raise exception ''this store takes nothing''; end';
create constraint trigger refusing after insert on engine.events
deferrable initially deferred for each row execute function engine.refuse()
"""


@asynccontextmanager
async def house(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncGenerator[Office]:
    """Databases with nothing in them, and one that is not even there; the engines were not started."""
    tag = f"ho{uuid4().hex[:8]}"
    urls = {name: await postgres_server.ensure_database(f"{tag}_{name}") for name in SERVICES}
    await postgres_server.drop_database(f"{tag}_gateway")
    settings = {f"ADRELAY_{name.upper()}_POSTGRES_URL": url for name, url in urls.items()}
    settings |= {"ADRELAY_NATS_URL": nats_server.url, "ADRELAY_NATS_PREFIX": tag}
    client = await nats.connect(nats_server.url)
    stream = event_stream(client, prefix=tag)
    engines = {name: engine_of(name, url) for name, url in urls.items()}
    yield Office(settings, engines, stream)
    for engine in engines.values():
        await engine.stop()
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(stream.name)
    await client.close()
    for name in SERVICES:
        await postgres_server.drop_database(f"{tag}_{name}")


def engine_of(service: str, url: str) -> Engine:
    """Return the engine of a service with all its tables."""
    known = tables_of(service, url)
    return Engine(
        service,
        url,
        published(),
        state_tables=known.state_tables,
        read_models=known.read_models,
        application=APPLICATION,
    )


@pytest_asyncio.fixture(loop_scope="session")
async def empty(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Office]:
    """A house of this test's own."""
    async with house(postgres_server, nats_server) as empty:
        yield empty


@pytest_asyncio.fixture(loop_scope="session")
async def used(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Office]:
    """Stores whose services ran and did nothing, but for one that read something."""
    async with furnished(postgres_server, nats_server) as used:
        for engine in used.engines.values():
            await engine.stop()
        await change(used, "billing", "insert into engine.checkpoints values ('reactions', 'gateway', 5, 6)")
        await change(used, "billing", "update engine.readers set complete_at = now()")
        yield used


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def exported(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """An export of a system that was running meanwhile."""
    async with furnished(postgres_server, nats_server) as office:
        async with serving(office, []):
            await Scenario(office.engines).run()
            await office.orders(4)
            await settled(office)
            file = tmp_path_factory.mktemp("export") / "all.jsonl"
            assert (await office.tool("export", "--output", str(file))).code == 0
        return file


def deliveries(heard: list[str], office: Office) -> Reader:
    """Return a reader of provisioning that does something outside for every order."""
    reactions = Reactions()

    @reactions.to(OrderPlaced)
    async def deliver(event: OrderPlaced, unit: UnitOfWork) -> None:
        del unit
        heard.append(event.order)

    del deliver
    return Reader("deliveries", office.engines["provisioning"], office.stream, reactions=reactions)


@asynccontextmanager
async def serving(office: Office, heard: list[str]) -> AsyncGenerator[None]:
    """Relay and read everything inside the block, as the services do."""
    readers = [
        Reader(READ_MODELS, engine, office.stream, tables=engine.read_models, everything=True)
        for engine in office.engines.values()
        if engine.read_models
    ]
    readers.append(deliveries(heard, office))
    relays = [Relay(engine, office.stream) for engine in office.engines.values()]
    async with running(*(relay.run for relay in relays), *(reader.run for reader in readers)):
        yield


async def settled(office: Office) -> None:
    """Return once all readers have come to billing's last event."""
    last = await last_cursor(office.engines["billing"])
    readers = {name: int(bool(engine.read_models)) for name, engine in office.engines.items()}
    readers["provisioning"] += 1

    async def everywhere() -> bool:
        for name, engine in office.engines.items():
            rows = await engine.query(
                lambda sql: sql.fetch("select xid, position from engine.checkpoints where source = 'billing'")
            )
            if [tuple(row) for row in rows] != [tuple(last)] * readers[name]:
                return False
        return True

    await until(everywhere)


async def change(office: Office, service: str, statement: str) -> None:
    """Change a store whose service does not run."""
    async with opened(office, service) as connection:
        await connection.execute(statement)


@asynccontextmanager
async def opened(office: Office, service: str) -> AsyncGenerator[Connection]:
    """Be connected to a store."""
    connection = await asyncpg.connect(office.settings[f"ADRELAY_{service.upper()}_POSTGRES_URL"])
    try:
        yield connection
    finally:
        await connection.close()


async def contents(office: Office) -> dict[str, dict[str, str] | None]:
    """Return all that the engine's tables hold, of every service; None for a database that is not there."""
    found: dict[str, dict[str, str] | None] = {}
    for service in SERVICES:
        found[service] = None
        with suppress(asyncpg.InvalidCatalogNameError):
            async with opened(office, service) as connection:
                found[service] = {
                    row["relname"]: await connection.fetchval(
                        f"select coalesce(json_agg(t order by t::text), '[]')::text from engine.{row['relname']} t"  # noqa: S608, E501 - names of ours
                    )
                    for row in await connection.fetch(_TABLES)
                }
    return found


async def refused(office: Office, *arguments: str) -> CommandResult:
    """Try to import, and see that one line says why not, and that nothing is changed."""
    before = await contents(office)
    result = await office.tool("import", *arguments)
    assert (result.code, result.out) == (2, "")
    assert result.err.count("\n") == 1, result.err
    assert await contents(office) == before
    return result


async def test_a_system_starts_again_on_empty_databases_and_does_nothing_a_second_time(
    exported: Path, empty: Office, tmp_path: Path
) -> None:
    imported = await empty.tool("import", str(exported), "--json")
    assert imported.code == 0, imported.err
    assert sum(imported.document["events"].values()) == len(events(exported))
    heard: list[str] = []
    for engine in empty.engines.values():
        await engine.start(pool_size=3)
    async with serving(empty, heard):
        await settled(empty)
        verified = await empty.tool("verify", "--json")
        assert verified.document["problems"] == []
        assert verified.document["sound"]
        for name in ("billing", "gateway"):
            count = await empty.engines[name].query(lambda sql: sql.fetchval("select count(*) from orders"))
            assert count == 5
        assert heard == []
        await empty.orders(1)
        await settled(empty)
        assert len(heard) == 1
    again = tmp_path / "again.jsonl"
    assert (await empty.tool("export", "--output", str(again))).code == 0
    assert [event for event in events(again) if event in events(exported)] == events(exported)
    assert len(events(again)) == len(events(exported)) + 1


async def test_stores_that_hold_no_events_are_filled_whatever_else_they_know(
    exported: Path, used: Office
) -> None:
    imported = await used.tool("import", str(exported))
    assert imported.code == 0, imported.err
    for engine in used.engines.values():
        await engine.start(pool_size=3)
    rows = await used.engines["billing"].query(lambda sql: sql.fetch("select reader from engine.checkpoints"))
    assert rows == [], "what it knew of other stores' events is not known any more"
    async with serving(used, []):
        await settled(used)
        assert (await used.tool("verify")).code == 0


@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
async def test_a_half_written_file_changes_nothing(
    exported: Path, empty: Office, tmp_path: Path, kept: float
) -> None:
    half = tmp_path / "half.jsonl"
    whole = read(exported)
    write(half, whole[: int(len(whole) * kept)])
    assert "it is cut off" in (await refused(empty, str(half))).err


async def test_a_store_that_fails_at_the_very_end_leaves_all_as_they_were(
    exported: Path, used: Office
) -> None:
    await change(used, "scheduler", _REFUSE_AT_COMMIT)
    assert "this store takes nothing" in (await refused(used, str(exported))).err
    await change(used, "scheduler", "drop trigger refusing on engine.events")
    assert (await used.tool("import", str(exported))).code == 0


async def test_databases_that_were_made_for_it_or_held_nothing_do_so_again(
    exported: Path, empty: Office, used: Office
) -> None:
    await change(used, "scheduler", _REFUSE_AT_COMMIT)
    await change(empty, "billing", "create table something_else (n integer)")
    scheduler = {name: url for name, url in used.settings.items() if "SCHEDULER" in name}
    mixed = Office(empty.settings | scheduler, empty.engines, empty.stream)
    assert "this store takes nothing" in (await refused(mixed, str(exported))).err
    async with opened(mixed, "billing") as connection:
        assert await connection.fetchval("select to_regnamespace('engine') is null")
        assert await connection.fetchval("select count(*) from something_else") == 0


async def test_a_stream_that_tells_of_other_events_must_go_first(exported: Path, empty: Office) -> None:
    await empty.stream.ensure()
    billing = empty.engines["billing"]
    await billing.start(pool_size=2)
    await empty.orders(2)
    async with running(Relay(billing, empty.stream).run):
        await until(lambda: published_by(empty.stream, 2))
    await billing.stop()
    await change(empty, "billing", "delete from engine.events")
    result = await refused(empty, str(exported))
    assert "holds events of billing; --anew deletes it" in result.err
    assert await published_by(empty.stream, 2)
    done = await empty.tool("import", str(exported), "--anew")
    assert done.code == 0
    assert "2 events of the stream deleted" in done.err
    assert await published_by(empty.stream, 0)
    assert (await empty.tool("import", str(exported), "--anew", "--into", "x")).code == 2


async def published_by(stream: EventStream, count: int) -> bool:
    """Return whether the stream holds so many events."""
    return await stream.count() == count


async def test_a_service_that_starts_meanwhile_waits_and_folds_what_was_imported(
    exported: Path, used: Office
) -> None:
    billing = used.engines["billing"]
    starting: list[asyncio.Task[None]] = []

    async def start() -> None:
        starting.append(asyncio.create_task(billing.start(pool_size=2)))
        await until(lambda: waits(used, "billing"))

    urls = {name: used.settings[f"ADRELAY_{name.upper()}_POSTGRES_URL"] for name in SERVICES}
    await fill(read_dump(exported), urls, DatabaseCreator(lambda: None, None), start)
    await asyncio.gather(*starting)
    assert await billing.query(lambda sql: sql.fetchval("select count(*) from orders")) == 5


async def waits(office: Office, service: str) -> bool:
    """Return whether someone waits for a lock in a service's store."""
    async with opened(office, service) as connection:
        return bool(
            await connection.fetchval(
                "select exists (select from pg_locks where not granted and database = "
                "(select oid from pg_database where datname = current_database()))"
            )
        )
