"""What the event store does."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from libs.eventsourcing import Causes, Event
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.model.errors import InvalidAppend, UnknownEvent, WrongExpectedVersion
from libs.eventsourcing.model.limits import MAX_DATA_BYTES
from libs.eventsourcing.store.connections import ISOLATION, connect
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.store.schema import make_schema
from libs.eventsourcing.values import START, Cursor, Envelope
from tests.integration.engine.meters import CATALOGUE, MeterSealed, MeterTurned

AT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
CAUSES = Causes.first("account:7")


class TransactionalStore(PostgresStore):
    """The Postgres store with a transaction for each append, as the engine gives it."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        super().__init__(connection, CATALOGUE)
        self._own = connection

    async def append(
        self,
        stream: str,
        expected: int,
        events: Sequence[Event],
        *,
        causes: Causes,
        at: datetime,
        command: UUID | None = None,
    ) -> list[Recorded]:
        async with self._own.transaction(isolation=ISOLATION):
            return await super().append(stream, expected, events, causes=causes, at=at, command=command)


@pytest_asyncio.fixture(loop_scope="session")
async def store(database: str) -> AsyncIterator[PostgresStore]:
    connection = await connect(database)
    await make_schema(connection)
    yield TransactionalStore(connection)
    await connection.close()


def turned(number: int, note: str = "") -> MeterTurned:
    return MeterTurned(meter="a", number=number, note=note)


async def add(store: PostgresStore, stream: str, expected: int, *events: Event) -> list[Recorded]:
    return await store.append(stream, expected, events, causes=CAUSES, at=AT)


async def everything(store: PostgresStore, page: int) -> list[Envelope]:
    found: list[Envelope] = []
    cursor = START
    while envelopes := await store.read(cursor, page):
        assert len(envelopes) <= page
        found += envelopes
        cursor = envelopes[-1].cursor
    return found


async def test_what_was_appended_is_loaded_in_order(store: PostgresStore) -> None:
    first = await add(store, "meter-a", 0, turned(1), turned(2))
    second = await add(store, "meter-a", 2, turned(3))
    loaded = await store.load("meter-a")
    assert [one.event for one in loaded] == [turned(1), turned(2), turned(3)]
    assert [one.envelope.version for one in loaded] == [1, 2, 3]
    assert [one.envelope.id for one in loaded] == [one.envelope.id for one in first + second]
    assert [one.cursor for one in loaded] == [one.cursor for one in first + second]


async def test_an_event_keeps_its_time_and_causes(store: PostgresStore) -> None:
    await add(store, "meter-a", 0, turned(1))
    (loaded,) = await store.load("meter-a")
    envelope = loaded.envelope
    assert (envelope.at, envelope.type, envelope.schema, envelope.stream) == (AT, "MeterTurned", 1, "meter-a")
    assert (envelope.correlation_id, envelope.causation_id) == (CAUSES.correlation_id, CAUSES.causation_id)
    assert envelope.actor == "account:7"
    assert loaded.causes("service:x") == Causes(CAUSES.correlation_id, envelope.id, "service:x")


async def test_an_unknown_stream_is_empty(store: PostgresStore) -> None:
    assert await store.load("meter-nobody") == []
    assert await store.read(START, 10) == []


async def test_a_stream_is_loaded_behind_a_version(store: PostgresStore) -> None:
    await add(store, "meter-a", 0, turned(1), turned(2), turned(3))
    assert [one.envelope.version for one in await store.load("meter-a", 1)] == [2, 3]
    assert await store.load("meter-a", 3) == []


@pytest.mark.parametrize("expected", [0, 1, 3, 9])
async def test_an_append_at_another_version_is_refused(store: PostgresStore, expected: int) -> None:
    await add(store, "meter-a", 0, turned(1), turned(2))
    with pytest.raises(WrongExpectedVersion):
        await add(store, "meter-a", expected, turned(99))
    assert [one.event for one in await store.load("meter-a")] == [turned(1), turned(2)]


async def test_a_new_stream_begins_at_version_one(store: PostgresStore) -> None:
    with pytest.raises(WrongExpectedVersion):
        await add(store, "meter-a", 1, turned(2))
    assert await store.read(START, 10) == []


async def test_a_clash_in_the_middle_keeps_nothing_of_the_append(store: PostgresStore) -> None:
    await add(store, "meter-a", 0, turned(1), turned(2))
    with pytest.raises(WrongExpectedVersion):
        await add(store, "meter-a", 1, turned(2), turned(3), turned(4))
    assert len(await store.load("meter-a")) == 2


async def test_reading_pages_through_all_streams_in_one_order(store: PostgresStore) -> None:
    written: list[Cursor] = []
    for number in range(1, 8):
        for name in ("a", "b"):
            recorded = await add(store, f"meter-{name}", (number - 1) * 2, turned(number), turned(number))
            written += [one.cursor for one in recorded]
    assert written == sorted(set(written))
    for page in (1, 3, 100):
        assert [envelope.cursor for envelope in await everything(store, page)] == written


async def test_reading_goes_on_behind_any_event(store: PostgresStore) -> None:
    recorded = await add(store, "meter-a", 0, *(turned(number) for number in range(1, 6)))
    behind = await store.read(recorded[1].cursor, 2)
    assert [envelope.version for envelope in behind] == [3, 4]


@pytest.mark.parametrize(
    "name", ["meter", "", "-a", "meter-", "meter-a.b", "meter-a b", "meter-*", "meter->", "me ter-a", "9-a"]
)
async def test_a_name_that_is_no_stream_is_refused(store: PostgresStore, name: str) -> None:
    with pytest.raises(InvalidAppend):
        await add(store, name, 0, turned(1))


async def test_a_stream_name_ends_where_it_ends(store: PostgresStore) -> None:
    with pytest.raises(InvalidAppend):
        await add(store, "meter-a\n", 0, turned(1))


async def test_data_up_to_the_limit_is_kept_and_more_is_refused(store: PostgresStore) -> None:
    room = MAX_DATA_BYTES - len(turned(1).model_dump_json().encode())
    note = "ä" * (room // 2) + "x" * (room % 2)
    await add(store, "meter-a", 0, turned(1, note))
    with pytest.raises(InvalidAppend, match="MeterTurned"):
        await add(store, "meter-a", 1, turned(2, note + "x"))
    (kept,) = await store.load("meter-a")
    assert kept.event == turned(1, note)


async def test_a_nul_character_is_refused_but_its_escape_is_text(store: PostgresStore) -> None:
    with pytest.raises(InvalidAppend, match="NUL"):
        await add(store, "meter-a", 0, turned(1, "a\0b"))
    tricky = '\\u0000 \\\\u0000 " \n ☃ 🦊'
    await add(store, "meter-a", 0, turned(1, tricky))
    (kept,) = await store.load("meter-a")
    assert kept.event == turned(1, tricky)


async def test_an_envelope_survives_its_journey_as_json(store: PostgresStore) -> None:
    await add(store, "meter-a", 0, turned(1, 'quote " back \\ snow ☃'), MeterSealed(meter="a"))
    for envelope in await store.read(START, 10):
        arrived = Envelope.from_json(envelope.to_json())
        assert Envelope.from_json(arrived.to_json()) == arrived
        assert CATALOGUE.decode(arrived.type, arrived.schema, arrived.data) == CATALOGUE.decode(
            envelope.type, envelope.schema, envelope.data
        )
        same = ("id", "type", "schema", "stream", "version", "cursor", "at", "correlation_id", "actor")
        assert [getattr(arrived, name) for name in same] == [getattr(envelope, name) for name in same]


async def test_the_order_is_that_of_numbers_not_of_digits(database: str) -> None:
    connection = await connect(database)
    await make_schema(connection)
    for version, xid in enumerate((9, 10, 99, 100), 1):
        await connection.execute(
            "insert into engine.events (xid, id, stream, version, type, schema, at, correlation_id, "
            "causation_id, actor, data) values ($1::text::xid8, gen_random_uuid(), 'meter-a', $2, "
            "'MeterSealed', 1, now(), gen_random_uuid(), gen_random_uuid(), 'x', '{}')",
            str(xid),
            version,
        )
    store = TransactionalStore(connection)
    try:
        assert [one.cursor.xid for one in await everything(store, 1)] == [9, 10, 99, 100]
        assert [one.cursor.xid for one in await store.between(START, Cursor(100, 9), None, 9)] == [
            9,
            10,
            99,
            100,
        ]
    finally:
        await connection.close()


class Newcomer(Event):
    """Unknown to the catalogue that reads it."""


async def test_an_event_that_the_program_does_not_know_is_not_guessed_at(store: PostgresStore) -> None:
    await add(store, "meter-a", 0, Newcomer())
    with pytest.raises(UnknownEvent, match="Newcomer"):
        await store.load("meter-a")
    assert [envelope.type for envelope in await store.read(START, 10)] == ["Newcomer"]
