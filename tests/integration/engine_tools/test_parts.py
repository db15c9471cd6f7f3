"""A reader is split by streams, and later split otherwise."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from libs.eventsourcing import Cursor, Engine, EventStream, Reader, Relay
from libs.eventsourcing.readers.partitions import WHOLE, Part, SplitChanged, take_over
from tests.integration.engine.meters import CATALOGUE, echoes_table, echoing, meters_table, turn
from tests.integration.engine.waiting import eventually, running
from tests.integration.engine_tools.counting import ME

METERS = "abcdefgh"


@pytest.fixture
def echo_engine(database: str) -> Engine:
    """A service that echoes its meters' turns."""
    return Engine("meters", database, CATALOGUE, state_tables=[meters_table(), echoes_table()])


@asynccontextmanager
async def split(engine: Engine, stream: EventStream, of: int) -> AsyncGenerator[list[Reader]]:
    """Read in so many parts inside the block, and let them come to the end of what was said before it."""
    readers = [
        Reader("echo", engine, stream, reactions=echoing(), part=Part(number, of)) for number in range(of)
    ]
    async with running(Relay(engine, stream).run, *(reader.run for reader in readers)):
        yield readers


async def heard(engine: Engine) -> dict[str, list[int]]:
    rows = await engine.query(
        lambda sql: sql.fetch(
            "select meter, array_agg(number order by place) as heard from echoes group by 1"
        )
    )
    return {row["meter"]: row["heard"] for row in rows}


async def heard_all(engine: Engine, turns: int) -> None:
    async def all_of_it() -> bool:
        return sum(map(len, (await heard(engine)).values())) >= turns * len(METERS)

    await eventually(all_of_it)


async def test_every_event_is_reacted_to_once_however_the_reader_was_split_when(
    echo_engine: Engine, stream: EventStream
) -> None:
    await echo_engine.start()
    turns = 0
    for of in (1, 3, 2, 1):
        async with split(echo_engine, stream, of) as readers:
            for meter in METERS:
                await echo_engine.run(turn(meter, 5), ME)
            turns += 5
            await heard_all(echo_engine, turns)
            last = await last_turn(echo_engine)
            for reader in readers:
                assert await reader.reached("meters", last, 20)
            names = {reader.name for reader in readers}
            assert names == ({"echo"} if of == 1 else {f"echo#{number}/{of}" for number in range(of)})
    assert await heard(echo_engine) == {meter: list(range(1, turns + 1)) for meter in METERS}
    await echo_engine.stop()


async def last_turn(engine: Engine) -> Cursor:
    row = await engine.query(
        lambda sql: sql.fetchrow(
            "select xid::text as xid, position from engine.events where type = 'MeterTurned' "
            "order by events.xid desc, position desc limit 1"
        )
    )
    assert row is not None
    return Cursor(int(row["xid"]), row["position"])


async def test_each_part_takes_streams_of_its_own(echo_engine: Engine) -> None:
    parts = [Part(number, 4) for number in range(4)]
    holders = [[part.number for part in parts if part.holds("meters", f"meter-{n}")] for n in range(200)]
    assert all(len(one) == 1 for one in holders)
    assert {one[0] for one in holders} == {0, 1, 2, 3}
    assert WHOLE.holds("meters", "meter-1")
    assert echo_engine.service == "meters"


async def test_a_split_is_not_changed_while_the_parts_stand_at_different_places(echo_engine: Engine) -> None:
    await echo_engine.start()
    async with AsyncExitStack() as stack:
        connection = await echo_engine.connect()
        stack.push_async_callback(connection.close)
        for number, position in ((0, 5), (1, 6)):
            await take_over(connection, "echo", Part(number, 2), "reader.x.")
            await connection.execute(
                "insert into engine.checkpoints values ($1, 'meters', 1, $2)", f"echo#{number}/2", position
            )
        with pytest.raises(SplitChanged, match="same place"):
            await take_over(connection, "echo", WHOLE, "reader.x.")
        await connection.execute("update engine.checkpoints set position = 6")
        await take_over(connection, "echo", WHOLE, "reader.x.")
        rows = await connection.fetch("select reader, position from engine.checkpoints")
        assert [tuple(row) for row in rows] == [("echo", 6)]
    await echo_engine.stop()


async def test_tables_are_not_folded_in_parts(engine: Engine, stream: EventStream) -> None:
    with pytest.raises(ValueError, match="can't be split"):
        Reader("echo", engine, stream, tables=engine.read_models, part=Part(0, 2))
