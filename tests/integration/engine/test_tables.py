"""State tables and read models."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from libs.eventsourcing import (
    Causes,
    Engine,
    EventStream,
    Projection,
    Reader,
    Relay,
    Sql,
    TableSql,
    UnitOfWork,
)
from libs.eventsourcing.projections.tables import READ_MODELS
from tests.integration.engine.meters import CATALOGUE, METER, MeterTurned, Seal, meters_table, turn
from tests.integration.engine.waiting import running

ME = Causes.first("test")


@pytest_asyncio.fixture(loop_scope="session")
async def relayed(engine: Engine, stream: EventStream) -> AsyncIterator[EventStream]:
    async with running(Relay(engine, stream).run):
        yield stream


def tally(version: int = 1, *, name: str = "tally", weight: int = 1) -> Projection:
    """Return a read model that counts turns; another version may weigh them otherwise."""
    table = Projection(
        name,
        version=version,
        ddl=f"create table {name} (meter text primary key, turns integer not null, last_at timestamptz)",
    )

    @table.on(MeterTurned)
    async def turned(event: MeterTurned, sql: TableSql) -> None:
        await sql.execute(
            f"insert into {name} as t values ($1, $2, $3) "  # noqa: S608 - a name of ours
            "on conflict (meter) do update set turns = t.turns + $2, last_at = $3",
            event.meter,
            weight,
            sql.at,
        )

    del turned
    return table


async def turns_in(engine: Engine, table: str) -> dict[str, int]:
    rows = await engine.query(lambda sql: sql.fetch(f"select meter, turns from {table}"))  # noqa: S608 - a name of ours
    return {row["meter"]: row["turns"] for row in rows}


async def caught_up(reader: Reader, engine: Engine) -> bool:
    done = await engine.run(lambda unit: unit.execute(METER, "last", Seal("last")), ME)
    last = done.written or (await engine.run(turn("more"), ME)).written
    assert last is not None
    return await reader.reached("meters", last, 20)


async def test_a_state_table_shows_a_decision_in_its_own_transaction(engine: Engine) -> None:
    async with engine.pool.acquire() as connection, connection.transaction(isolation="repeatable_read"):
        unit = UnitOfWork(engine.transaction(connection), ME)
        await turn("a", 3)(unit)
        assert await unit.flushed.fetchval("select turns from meters where meter = 'a'") == 3
        assert await turns_in(engine, "meters") == {}
    assert await turns_in(engine, "meters") == {"a": 3}


async def test_a_table_that_can_not_be_changed_takes_the_event_back(database: str) -> None:
    broken = Projection("broken", version=1, ddl="create table broken (n integer check (n < 2))")

    @broken.on(MeterTurned)
    async def turned(event: MeterTurned, sql: TableSql) -> None:
        await sql.insert(n=event.number)

    del turned
    engine = Engine("meters", database, CATALOGUE, state_tables=[meters_table(), broken])
    await engine.start()
    await engine.run(turn("a"), ME)
    with pytest.raises(Exception, match="check constraint"):
        await engine.run(turn("a"), ME)
    assert await engine.query(lambda sql: sql.fetchval("select count(*) from engine.events")) == 1
    assert await turns_in(engine, "meters") == {"a": 1}
    await engine.stop()


async def test_a_state_table_of_a_new_version_is_folded_anew_at_start(database: str) -> None:
    old = Engine("meters", database, CATALOGUE, state_tables=[meters_table()])
    await old.start()
    for meter in ("a", "b", "a"):
        await old.run(turn(meter, 2), ME)
    await old.stop()

    new = Engine("meters", database, CATALOGUE, state_tables=[meters_table(2, twice=True), tally()])
    await new.start()
    assert await turns_in(new, "meters") == {"a": 8, "b": 4}
    assert await turns_in(new, "tally") == {"a": 4, "b": 2}
    await new.run(turn("b"), ME)
    assert await turns_in(new, "meters") == {"a": 8, "b": 6}
    await new.stop()


async def test_a_table_of_the_same_version_is_left_as_it_is(database: str) -> None:
    found: dict[str, int] = {}
    for _ in range(2):
        engine = Engine("meters", database, CATALOGUE, state_tables=[meters_table()])
        await engine.start()
        await engine.query(
            lambda sql: sql.execute(
                "insert into meters values ('mark', 1) "
                "on conflict (meter) do update set turns = meters.turns + 1"
            )
        )
        found = await turns_in(engine, "meters")
        await engine.stop()
    assert found == {"mark": 2}


async def test_read_models_of_a_new_version_are_filled_from_the_streams_beginning(
    engine: Engine, relayed: EventStream, database: str
) -> None:
    await engine.run(turn("a", 30), ME)
    for version in (1, 2):
        weighed = tally(version, weight=version)
        with_tables = Engine("meters", database, CATALOGUE, read_models=[weighed])
        await with_tables.start()
        reader = Reader(READ_MODELS, with_tables, relayed, tables=[weighed], everything=True)
        async with running(reader.run):
            assert await caught_up(reader, engine)
        assert (await turns_in(with_tables, "tally"))["a"] == 30 * version
        await with_tables.stop()


async def test_a_new_read_model_is_filled_and_the_others_with_it(
    engine: Engine, relayed: EventStream, database: str
) -> None:
    await engine.run(turn("a", 30), ME)
    for tables in ([tally()], [tally(), tally(name="tally_two")]):
        with_tables = Engine("meters", database, CATALOGUE, read_models=tables)
        await with_tables.start()
        reader = Reader(READ_MODELS, with_tables, relayed, tables=tables, everything=True)
        async with running(reader.run):
            assert await caught_up(reader, engine)
        for table in tables:
            assert (await turns_in(with_tables, table.name))["a"] == 30
        await with_tables.stop()


async def test_an_older_program_keeps_its_hands_off_newer_tables(
    engine: Engine, relayed: EventStream, database: str
) -> None:
    old = Engine("meters", database, CATALOGUE, read_models=[tally()])
    await old.start()
    await engine.run(turn("a", 10), ME)
    old_reader = Reader(READ_MODELS, old, relayed, tables=old.read_models, everything=True)
    async with running(old_reader.run):
        assert await caught_up(old_reader, engine)
        new = Engine("meters", database, CATALOGUE, read_models=[tally(2, weight=100)])
        await new.start()
        new_reader = Reader(READ_MODELS, new, relayed, tables=new.read_models, everything=True)
        async with running(new_reader.run):  # the old one holds the lock until it looks again
            await engine.run(turn("a", 1), ME)
            assert await caught_up(new_reader, engine)
    assert (await turns_in(new, "tally"))["a"] == 1100
    await old.stop()
    await new.stop()


async def test_a_reader_does_not_fold_again_what_the_append_has_folded(
    engine: Engine, relayed: EventStream
) -> None:
    reader = Reader("both", engine, relayed, tables=engine.state_tables)
    async with running(reader.run):
        await engine.run(turn("a", 3), ME)
        done = await engine.run(turn("a"), ME)
        assert done.written is not None
        assert await reader.reached("meters", done.written, 20)
    assert await turns_in(engine, "meters") == {"a": 4}


async def test_a_reader_refuses_tables_that_nobody_made(engine: Engine, stream: EventStream) -> None:
    with pytest.raises(ValueError, match="tally"):
        Reader("reactions", engine, stream, tables=[tally()])


async def test_tables_of_several_projections_are_found_by_their_bare_names(database: str) -> None:
    engine = Engine(
        "meters",
        database,
        CATALOGUE,
        state_tables=[meters_table()],
        read_models=[tally(), tally(name="more")],
    )
    await engine.start()
    found = await engine.query(
        lambda sql: sql.fetchval(
            "select count(*) from meters full join tally using (meter) full join more using (meter)"
        )
    )
    assert found == 0
    await engine.stop()


async def test_a_view_shows_the_tables_as_they_stand_at_one_moment(engine: Engine) -> None:
    async def look_twice(sql: Sql) -> list[int]:
        asked = "select turns from meters where meter = 'a'"
        before = int(await sql.fetchval(asked))
        await engine.run(turn("a"), ME)
        return [before, int(await sql.fetchval(asked))]

    await engine.run(turn("a"), ME)
    assert await engine.view(look_twice) == [1, 1]
    assert await engine.query(look_twice) == [2, 3]
