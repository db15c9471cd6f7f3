"""A test harness for a service: it runs as it is, the other services are fakes that append events."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import asyncpg
import nats
from nats.js.errors import NotFoundError
from pydantic import SecretStr

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import event_stream
from libs.chassis.settings import ServiceSettings
from libs.events.catalogue import published
from libs.eventsourcing import Causes, Decider, Engine, Event, EventStream, Relay, UnitOfWork
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.operations import DeadLetter, list_dead_letters, request_retry
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.values import START
from tests.support.databases import fresh_database
from tests.support.queries import Queries
from tests.support.waiting import until

T = TypeVar("T")
EventT = TypeVar("EventT", bound=Event)
SettingsT = TypeVar("SettingsT", bound=ServiceSettings)


class FakeService:
    """Another service, reduced to a store and a relay."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def publish(self, stream: str, *events: Event, causes: Causes | None = None) -> Causes:
        """Append events to a stream of this service; return their causes."""
        category, _, key = stream.partition("-")
        why = causes or Causes.first(f"service:{self._engine.service}")

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(Decider(category, _append, _ignore), key, events)

        await self._engine.run(work, why)
        return why


def _append(events: Sequence[Event], _: object) -> Sequence[Event]:
    return events


def _ignore(_: object, event: Event) -> Event:
    return event


@asynccontextmanager
async def fake_service(
    service: str, server: EmbeddedPostgres, stream: EventStream
) -> AsyncGenerator[FakeService]:
    """Run a fake service with a store of its own and a relay."""
    async with fresh_database(server) as database:
        engine = Engine(service, database, published())
        await engine.start(pool_size=2)
        relay = asyncio.create_task(Relay(engine, stream).run())
        yield FakeService(engine)
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        await engine.stop()


@asynccontextmanager
async def stream_on(nats_url: str, prefix: str) -> AsyncGenerator[EventStream]:
    """Yield a stream for one test alone; it is deleted afterwards."""
    client = await nats.connect(nats_url)
    stream = event_stream(client, prefix=prefix)
    yield stream
    with suppress(NotFoundError):
        await client.jetstream().delete_stream(stream.name)
    await client.close()


class ServiceHarness:
    """The service under test, its database and its settings."""

    def __init__(self, database: str, nats_url: str, prefix: str) -> None:
        self.database = database
        self._queries = Queries(database)
        self._common: dict[str, Any] = {
            "postgres_url": SecretStr(database),
            "nats_url": SecretStr(nats_url),
            "nats_prefix": prefix,
        }

    @asynccontextmanager
    async def running(
        self,
        run: Callable[[SettingsT], Coroutine[Any, Any, None]],
        settings: type[SettingsT],
        **given: Any,  # noqa: ANN401 - settings of any type
    ) -> AsyncGenerator[None]:
        """Run the service in this process, and stop it gracefully; raise its error if it ended by itself."""
        task = asyncio.create_task(run(settings(**self._common, **given)))
        try:
            yield
        finally:
            ended = task.done()
            task.cancel()
            outcome = (await asyncio.gather(task, return_exceptions=True))[0]
            if ended and isinstance(outcome, BaseException):
                raise outcome

    @property
    def settings(self) -> dict[str, str]:
        """The settings of a process that runs this service, as text."""
        return {
            name: value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            for name, value in self._common.items()
        }

    async def recorded(self) -> list[Recorded]:
        """Return all events of the service, in order; none before its first start."""
        try:
            async with self._queries.connection() as connection:
                found = await PostgresStore(connection, published()).read(START, 100_000)
        except asyncpg.UndefinedTableError:
            return []
        return [Recorded(it, published().decode(it.type, it.schema, it.data)) for it in found]

    async def events_of(self, kind: type[EventT]) -> list[EventT]:
        """Return the service's events of one type."""
        return [it.event for it in await self.recorded() if isinstance(it.event, kind)]

    async def wait_for(self, kind: type[EventT], count: int = 1) -> list[EventT]:
        """Wait until the service has appended this many events of one type; return all of them."""

        async def enough() -> bool:
            found: int | None = await self.value(
                "select count(*) from engine.events where type = $1", kind.__name__
            )
            return (found or 0) >= count

        await until(enough, why=f"{count} {kind.__name__}")
        return await self.events_of(kind)

    async def value(self, query: str, *arguments: object) -> Any:  # noqa: ANN401 - a column of any type
        """Return a single value from the service's database; None before its first start."""
        try:
            return await self._queries.value(query, *arguments)
        except asyncpg.UndefinedTableError:
            return None

    async def execute(self, statement: str) -> None:
        """Execute a statement on the service's database."""
        async with self._queries.connection() as connection:
            await connection.execute(statement)

    async def dead_letters(self) -> list[DeadLetter]:
        """Return the service's dead letters."""
        async with self._queries.connection() as connection:
            return await list_dead_letters(connection)

    async def retry(self, letter: DeadLetter) -> None:
        """Retry a dead letter's stream."""
        async with self._queries.connection() as connection:
            await request_retry(connection, letter.reader, letter.source_stream)

    async def close(self) -> None:
        """Close the connection."""
        await self._queries.close()
