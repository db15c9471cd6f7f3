"""Shadow tables are built and swapped in, while everything goes on."""

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from libs.eventsourcing import Engine, EventStream, Projection, Reader, TableSql
from libs.eventsourcing.errors import Remedy
from libs.eventsourcing.model.errors import OutdatedTables
from libs.eventsourcing.operations import rebuilding
from libs.eventsourcing.operations.rebuilding import Progress, plan, rebuild, rollback
from libs.eventsourcing.operations.verify_tables import verify_table
from libs.eventsourcing.projections import shadow
from libs.eventsourcing.projections.catch_up import FoldFailed
from libs.eventsourcing.projections.shadow import Purpose
from libs.eventsourcing.projections.tables import READ_MODELS, TablesBusy
from libs.eventsourcing.readers.dead_letters import drop, list_dead_letters
from libs.eventsourcing.readers.stream_catch_up import migrate_read_models
from tests.integration.engine.meters import CATALOGUE, MeterTurned, turn
from tests.integration.engine.waiting import running
from tests.integration.engine_tools.counting import (
    ME,
    busy,
    last_cursor,
    meters,
    relayed,
    serving,
    tally,
    turns_in,
    turns_in_events,
)
from tests.support.waiting import until

METERS = "abcdefghij"


async def spoil(engine: Engine, table: str) -> None:
    await engine.query(lambda sql: sql.execute(f"update {table} set turns = turns + 1000"))  # noqa: S608


async def test_a_wrong_state_table_is_right_again_though_meters_are_turned_all_the_time(
    engine: Engine,
) -> None:
    await engine.run(turn("a", 300), ME)
    await spoil(engine, "meters")
    async with busy(engine) as turned:
        for _ in range(3):
            before = len(turned)
            await rebuild(engine.tables, engine.state_tables[0])
            await until(partial(_more, turned, before + 20))
    assert await turns_in(engine, "meters") == await turns_in_events(engine)


async def _more(turned: list[int], than: int) -> bool:
    return len(turned) > than


async def test_a_wrong_read_model_is_right_again_though_meters_are_turned_all_the_time(
    engine: Engine, stream: EventStream
) -> None:
    await engine.run(turn("a", 300), ME)
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 20)
        await spoil(engine, "tally")
        async with busy(engine) as turned:
            for _ in range(3):
                before = len(turned)
                await rebuild(engine.tables, engine.read_models[0], stream=stream)
                await until(partial(_more, turned, before + 20))
        assert await reader.reached("meters", await last_cursor(engine), 20)
    assert await turns_in(engine, "tally") == await turns_in_events(engine)


async def test_who_looks_while_another_builds_is_told_what_stands(engine: Engine) -> None:
    """Unfinished shadow tables may be swapped in at any time; who asks for it must not stumble over that."""
    table, building = engine.state_tables[0], True
    await engine.run(turn("a", 10), ME)

    async def look() -> None:
        connection = await engine.connect()
        while building:
            begun = await shadow.begun(connection, table)
            assert begun is None or begun.purpose is Purpose.BUILDING
        await connection.close()

    looking = [asyncio.create_task(look()) for _ in range(4)]
    for _ in range(20):
        await rebuild(engine.tables, table)
    building = False
    await asyncio.gather(*looking)


async def test_of_two_builders_one_is_told_of_the_other(engine: Engine) -> None:
    table = engine.state_tables[0]
    await engine.run(turn("a", 10), ME)
    refused: list[str] = []

    async def build() -> None:
        for _ in range(5):
            try:
                await rebuild(engine.tables, table)
            except TablesBusy as busy:
                refused.append(str(busy))

    await asyncio.gather(*(build() for _ in range(4)))
    assert set(refused) == {"someone else builds or checks tables of meters just now"}
    assert await turns_in(engine, "meters") == {"a": 10}


async def test_a_rebuild_that_was_interrupted_goes_on_where_it_stopped(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.eventsourcing.projections.catch_up.PAGE", 100)
    await engine.run(turn("a", 1000), ME)
    seen: list[Progress] = []

    def stop_half_way(progress: Progress) -> None:
        seen.append(progress)
        if progress.passed >= 500:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rebuild(engine.tables, engine.state_tables[0], report=stop_half_way)
    rest = await plan(engine.tables, engine.state_tables[0])
    assert rest.begun is not None
    assert (rest.begun.folded, rest.events) == (500, 500)
    seen.clear()
    await rebuild(engine.tables, engine.state_tables[0], report=seen.append)
    assert seen[-1].passed == 400, "the last few are folded while writers wait"
    assert await turns_in(engine, "meters") == {"a": 1000}


async def test_what_no_event_decides_is_carried_over(engine: Engine) -> None:
    await engine.run(turn("a", 3), ME)
    await engine.query(lambda sql: sql.execute("update meters set asked = 7"))
    await rebuild(engine.tables, engine.state_tables[0])
    assert await engine.query(lambda sql: sql.fetchval("select asked from meters")) == 7


async def test_a_rollback_brings_the_kept_table_back_with_all_that_happened_since(engine: Engine) -> None:
    await engine.run(turn("a", 3), ME)
    await spoil(engine, "meters")  # so that it can be told from the rebuilt one
    await rebuild(engine.tables, engine.state_tables[0])
    await engine.run(turn("a", 4), ME)
    assert await turns_in(engine, "meters") == {"a": 7}
    await rollback(engine.tables, engine.state_tables)
    assert await turns_in(engine, "meters") == {"a": 1007}
    await engine.run(turn("a"), ME)
    assert await turns_in(engine, "meters") == {"a": 1008}


async def test_a_kept_table_is_dropped_on_command(engine: Engine) -> None:
    await rebuild(engine.tables, engine.state_tables[0])
    assert [one.purpose for one in await rebuilding.shadow_tables(engine.tables)] == [Purpose.ARCHIVED]
    dropped = await rebuilding.discard(engine.tables, "meters", frozenset({Purpose.ARCHIVED}))
    assert [one.schema for one in dropped] == ["meters__old_v1"]
    assert await rebuilding.shadow_tables(engine.tables) == []
    with pytest.raises(LookupError, match="archived"):
        await rollback(engine.tables, engine.state_tables)


async def test_a_program_of_the_old_version_folds_nothing_more_after_the_new_one_has_started(
    engine: Engine, database: str
) -> None:
    await engine.run(turn("a", 3), ME)
    new = Engine("meters", database, CATALOGUE, state_tables=[meters(2, 10)], read_models=[tally()])
    await new.start()
    with pytest.raises(OutdatedTables):
        await engine.run(turn("a", 3), ME)
    assert engine.outdated.is_set()
    await new.run(turn("a"), ME)
    assert await turns_in(new, "meters") == {"a": 40}
    again = Engine("meters", database, CATALOGUE, state_tables=[meters()], read_models=[tally()])
    with pytest.raises(OutdatedTables) as raised:
        await again.start()
    assert (raised.value.remedy, raised.value.table) == (Remedy.ROLL_BACK, "meters")
    await again.stop()
    await rollback(again.tables, again.state_tables)
    with pytest.raises(OutdatedTables):
        await new.run(turn("a"), ME)
    await engine.run(turn("a"), ME)
    assert await turns_in(engine, "meters") == {"a": 5}
    await new.stop()


async def test_an_event_that_can_not_be_folded_leaves_the_running_table_as_it_is(engine: Engine) -> None:
    await engine.run(turn("a", 3), ME)
    await engine.query(
        lambda sql: sql.execute(
            "update engine.events set data = jsonb_set(data, '{note}', '\"no meters\"') where version = 2"
        )
    )
    with pytest.raises(FoldFailed, match="meter-a v2"):
        await rebuild(engine.tables, engine.state_tables[0])
    assert await turns_in(engine, "meters") == {"a": 3}


async def test_appenders_wait_for_a_swap_and_then_write_to_the_new_table(engine: Engine) -> None:
    """The lock must take no snapshot: else an appender that waited would not see the new table's rows."""
    for meter in METERS:
        await engine.run(turn(meter, 5), ME)
    for _ in range(5):
        await asyncio.gather(
            rebuild(engine.tables, engine.state_tables[0]),
            *(engine.run(turn(meter), ME) for meter in METERS for _ in range(2)),
        )
    assert await turns_in(engine, "meters") == dict.fromkeys(METERS, 15)


async def test_a_read_model_of_a_new_version_is_never_seen_empty(
    engine: Engine, stream: EventStream, database: str
) -> None:
    await engine.run(turn("a", 300), ME)
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 20)
        new = Engine("meters", database, CATALOGUE, state_tables=[meters()], read_models=[tally(2, 10)])
        await new.start(read_models=False)
        assert (await turns_in(new, "tally"))["a"] == 300
        async with busy(engine):
            await migrate_read_models(new.tables, stream)
            assert (await turns_in(new, "tally"))["a"] == 3000
        fresh = Reader(READ_MODELS, new, stream, tables=new.read_models)
        async with running(fresh.run):
            await fresh.complete()
            assert await fresh.reached("meters", await last_cursor(new), 20)
    told = {meter: 10 * turns for meter, turns in (await turns_in_events(new)).items()}
    assert await turns_in(new, "tally") == told
    await new.stop()


async def test_dead_letters_are_left_out_until_they_are_retried(engine: Engine, stream: EventStream) -> None:
    await relayed_after_poison(engine, stream)
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 30)
        await rebuild(engine.tables, engine.read_models[0], stream=stream)
    assert await turns_in(engine, "tally") == {"b": 5}


async def give_up(engine: Engine) -> None:
    """Drop the first dead letter, and wait until the reader has handled the rest."""
    async with engine.pool.acquire() as connection:
        await drop(connection, (await list_dead_letters(connection))[:1])

    async def handled() -> bool:
        return await engine.query(lambda sql: sql.fetchval("select not exists (select from engine.parked)"))

    await until(handled)


def forgiving() -> Projection:
    """Return a version of the read model that can count the turn which no other can."""
    table = Projection("tally", version=2, ddl="create table tally (meter text primary key, turns integer)")

    @table.on(MeterTurned)
    async def turned(event: MeterTurned, sql: TableSql) -> None:
        await sql.execute(
            "insert into tally as t values ($1, 1) on conflict (meter) do update set turns = t.turns + 1",
            event.meter,
        )

    del turned
    return table


async def test_what_an_operator_gave_up_stays_out_of_every_rebuilt_table(
    engine: Engine, stream: EventStream
) -> None:
    await relayed_after_poison(engine, stream)
    table = engine.read_models[0]
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 30)
        await give_up(engine)
        assert await turns_in(engine, "tally") == {"a": 2, "b": 5}
        await rebuild(engine.tables, table, stream=stream)
        assert await turns_in(engine, "tally") == {"a": 2, "b": 5}
        assert (await verify_table(engine.tables, table, stream=stream)).sound
        newer = replace(engine.tables, read_models=[forgiving()])
        await rebuild(newer, newer.read_models[0], stream=stream)
        assert await turns_in(engine, "tally") == {"a": 2, "b": 5}, "though this version could fold it"


async def test_what_is_given_up_during_a_rebuild_is_left_out_and_what_follows_it_is_not(
    engine: Engine, stream: EventStream
) -> None:
    await relayed_after_poison(engine, stream)
    table = engine.read_models[0]
    async with serving(engine, stream) as reader:
        assert await reader.reached("meters", await last_cursor(engine), 30)
        await rebuild(engine.tables, table, stream=stream, swap=False)
        await give_up(engine)
        await engine.run(turn("a"), ME)
        assert await reader.reached("meters", await last_cursor(engine), 30)
        await rebuild(engine.tables, table, stream=stream)
        assert await turns_in(engine, "tally") == {"a": 3, "b": 5}
        assert (await verify_table(engine.tables, table, stream=stream)).sound


async def relayed_after_poison(engine: Engine, stream: EventStream) -> None:
    await engine.run(turn("b", 2), ME)
    await engine.run(turn("a", 1, "no tally"), ME)
    await engine.run(turn("a", 2), ME)
    await engine.run(turn("b", 3), ME)
    await relayed(engine, stream)
