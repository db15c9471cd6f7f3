"""given(events).when(act).then(events): a whole service as a sentence, without a broker or processes."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, NamedTuple

from typing_extensions import TypeVar

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.envelope import START, Causes, Cursor, Envelope, Recorded, new_id
from libs.eventsourcing.model.errors import Refused
from libs.eventsourcing.model.event import Command, Event, owner_of
from libs.eventsourcing.projections.tables import Kind
from libs.eventsourcing.registry import Registry
from libs.eventsourcing.store.postgres import PostgresStore, last_event
from libs.eventsourcing.writing.commands import Scope
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

ContextT = TypeVar("ContextT", default=None)

_MOST_EVENTS = 10_000


class StreamEvent(NamedTuple):
    """An event in a stream of the service that owns it."""

    stream: str
    event: Event


Act = Command | StreamEvent | datetime
"""An act: a command, an event of another service, or an instant to which the clock is set."""


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        """Return the time it is set to."""
        return self.at


class Service(Generic[ContextT]):
    """A service's handlers, tables and timers on a database; see `service_on`.

    Decisions, stores and folds are real. Missing are the broker, readers with their checkpoints and dead
    letters, and adapters, which the context replaces: a reaction that raises fails the test.
    """

    def __init__(
        self, registry: Registry[ContextT], engine: Engine, past: Engine, clock: Clock, context: ContextT
    ) -> None:
        self.engine = engine
        self._past = past
        self._past_started = False
        self._clock = clock
        self._read_models = tuple(registry.read_models)
        self._reactions = registry.reactions.bind(context)
        self._commands = registry.commands.bind(context)
        self._timers = registry.timers.bind(context)
        self._cursor = START
        """The position of the last event of another service."""

    def given(self, *events: StreamEvent) -> "Case":
        """Begin a case with a history: own events are stored, others' are folded into read models."""
        return Case(self, past=events)

    def when(self, *acts: Act) -> "Case":
        """Begin a case on the present history."""
        return Case(self).when(*acts)

    async def happened(self, after: Cursor = START) -> list[Event]:
        """Return the service's own events behind a cursor, in order."""
        async with self.engine.pool.acquire() as connection:
            store, last = PostgresStore(connection, self.engine.catalogue), await last_event(connection)
            found = await store.between(after, last, None, _MOST_EVENTS)
        return [self.engine.catalogue.decode(one.type, one.schema, one.data) for one in found]

    async def end(self) -> Cursor:
        """Return the cursor of the last of the service's own events."""
        async with self.engine.pool.acquire() as connection:
            return await last_event(connection)

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return the rows of a query, as tuples."""
        return [tuple(row) for row in await self.engine.query(lambda sql: sql.fetch(query))]

    async def remember(self, said: StreamEvent) -> None:
        """Add an event to the history."""
        await self._receive(await self._recorded(said), react=False)

    async def act(self, act: Act) -> None:
        """Perform an act; raises what the handler does."""
        if isinstance(act, Command):
            scope = Scope(self.engine, Causes.first("test"))
            await self._commands.of(type(act))(act, scope)
        elif isinstance(act, datetime):
            await self._pass_time(act)
        else:
            await self._receive(await self._recorded(act), react=True)

    async def _pass_time(self, until: datetime) -> None:
        self._clock.at = until
        for due in self._timers:
            while True:
                earliest = await self.engine.query(due.earliest)
                if earliest is None or earliest > until:
                    break
                causes = Causes.unprompted(f"service:{self.engine.service}")
                if not (await self.engine.run(due.take, causes)).value:
                    break

    async def _recorded(self, said: StreamEvent) -> Recorded:
        """Return an event as its service recorded it; one of this service's own is stored."""
        if owner_of(type(said.event)) != self.engine.service:
            return self._of_another(said)
        category, _, key = said.stream.partition("-")
        as_said = Decider[Event, Event, Event](category, lambda event, _: [event], lambda _, event: event)

        async def work(unit: UnitOfWork) -> UnitOfWork:
            await unit.execute(as_said, key, said.event)
            return unit

        if not self._past_started:  # few tests have own events in their history
            await self._past.start(pool_size=1)
            self._past_started = True
        unit = (await self._past.run(work, Causes.first("test"))).value
        assert unit is not None  # noqa: S101 - no command, so it was carried out
        return unit.recorded[-1]

    def _of_another(self, said: StreamEvent) -> Recorded:
        self._cursor = Cursor(self._cursor.xid + 1, self._cursor.position + 1)
        causes = Causes.first("test")
        envelope = Envelope(
            id=new_id(),
            type=type(said.event).__name__,
            schema=said.event.schema_version,
            stream=said.stream,
            version=self._cursor.position,
            cursor=self._cursor,
            at=self._clock.at,
            correlation_id=causes.correlation_id,
            causation_id=causes.causation_id,
            actor=causes.actor,
            data=said.event.model_dump_json(),
        )
        return Recorded(envelope, said.event)

    async def _receive(self, recorded: Recorded, *, react: bool) -> None:
        """Fold an event into the read models, and react to it, in one transaction."""
        causes = recorded.causes(f"service:{self.engine.service}")
        async with self.engine.pool.acquire() as connection:
            async with self.engine.table_transaction(connection, Kind.STATE, Kind.READ):
                transaction = self.engine.transaction(connection)
                for table in self._read_models:
                    await table.apply(recorded, transaction.writes)
                unit = UnitOfWork(transaction, causes, cause=recorded)
                for reaction in self._reactions.of(recorded.event) if react else ():
                    await reaction(recorded.event, unit)
                await transaction.flush()
            transaction.committed()


@dataclass(frozen=True)
class Case:
    """A history and the acts that follow it."""

    service: Service[Any]
    past: Sequence[StreamEvent] = ()
    acts: Sequence[Act] = ()

    def when(self, *acts: Act) -> "Case":
        """Return the case with more acts, in order."""
        return replace(self, acts=(*self.acts, *acts))

    async def then(
        self,
        *events: Event,
        refused: str | None = None,
        rows: Mapping[str, Sequence[tuple[object, ...]]] | None = None,
    ) -> None:
        """Fail unless the acts lead to exactly these events.

        With `refused`, the last act must be refused with this code. `rows` are queries of the service's
        tables with the rows that they must return then.
        """
        for said in self.past:
            await self.service.remember(said)
        before, code = await self.service.end(), None
        for number, act in enumerate(self.acts, 1):
            try:
                await self.service.act(act)
            except Refused as refusal:
                if number < len(self.acts):
                    raise
                code = refusal.code
        found = await self.service.happened(before)
        assert found == list(events), f"expected {list(events)}, found {found}"  # noqa: S101 - a test's assertion
        assert code == refused, f"expected the refusal {refused}, found {code}"  # noqa: S101
        for query, expected in (rows or {}).items():
            shown = await self.service.rows(query)
            assert shown == list(expected), f"{query}: expected {list(expected)}, found {shown}"  # noqa: S101


@asynccontextmanager
async def service_on(
    url: str,
    registry: Registry[ContextT],
    catalogue: EventCatalogue,
    context: ContextT,
    *,
    at: datetime,
) -> AsyncGenerator[Service[ContextT]]:
    """Run a service on a database, at best an empty one, its clock set to an instant (UTC-aware).

    Its tables are created unless they exist: a copy of a database that has them saves that.
    """
    clock = Clock(at)
    engine, past = (
        Engine(
            registry.service,
            url,
            catalogue,
            state_tables=tuple(registry.state_tables),
            read_models=tuple(registry.read_models),
            clock=clock,
        )
        for _ in range(2)
    )  # the second engine has an empty cache of states
    await engine.start(pool_size=2)
    try:
        yield Service(registry, engine, past, clock, context)
    finally:
        await past.stop()
        await engine.stop()
