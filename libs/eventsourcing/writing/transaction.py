"""A database transaction of units of work; their decisions are buffered until a flush."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

import structlog

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.envelope import Recorded, utc_now
from libs.eventsourcing.model.errors import Refused, WrongExpectedVersion
from libs.eventsourcing.model.event import Event
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.sql import Writes
from libs.eventsourcing.store import snapshots
from libs.eventsourcing.store.addition import Addition
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.store.snapshots import Snapshot
from libs.eventsourcing.store.state_cache import StateCache

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)

log = structlog.stdlib.get_logger()

_BEGAN = "select correlation_id from engine.events where stream = $1 and version = 1"
_MOVE = "update engine.commands set position = $2 where id = $1"


class Transaction:
    """Decisions that commit as a whole or not at all.

    Events are buffered until a read may depend on them, or until the end: many then take one statement. Stale
    states that they were decided on are found when they are stored.
    """

    def __init__(
        self,
        connection: Connection,
        catalogue: EventCatalogue,
        tables: Sequence[Projection],
        known: StateCache,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.connection = connection
        self.clock = clock
        """The clock: returns when a unit of work begins, UTC-aware."""
        self.writes = Writes(connection)
        """Buffered writes to tables, those of reactions' read models included."""
        self.recorded: list[Recorded] = []
        """The events stored so far."""
        self._tables = tables
        self._store = PostgresStore(connection, catalogue)
        self._known = known
        self._states: dict[str, tuple[object, int]] = {}
        """The states of streams that were loaded or decided on in this transaction."""
        self._unverified_no_ops: dict[str, int] = {}
        """The versions of cached states on which a decision was a no-op; `_verify_no_ops` checks them."""
        self._begun: dict[str, UUID] = {}
        """The correlation ids of streams that begin in this transaction."""
        self._long: set[str] = set()
        """Streams that were folded from many events: their snapshot is missing, or void."""
        self._snapshots: dict[str, Callable[[], Snapshot]] = {}
        """The snapshots to be stored with the waiting additions."""
        self._waiting: list[tuple[Addition, list[Recorded]]] = []
        self._commands: dict[UUID, Addition] = {}
        self._noted: set[UUID] = set()

    async def state(self, decider: Decider[CommandT, StateT, EventT], stream: str) -> StateT | None:
        """Return a stream's current state, None for a new stream.

        Raises `WrongExpectedVersion` if an earlier decision was made on a stale one.
        """
        if stream in self._unverified_no_ops:
            await self._verify_no_ops()
        if stream not in self._states:
            state, version = self._known.get(stream)
            cached = version > 0
            if not cached:
                state, version = await self._from_snapshot(decider, stream)
            newer = await self._store.load(stream, after=max(version - 1, 0))
            if version and not newer and not cached:  # the snapshot is of another history
                state, version, newer = None, 0, await self._store.load(stream)
            if version and not newer:
                message = f"{stream} is known at version {version}, which began after this transaction"
                raise WrongExpectedVersion(message)
            if not version and newer:
                self._known.put_correlation_id(stream, newer[0].envelope.correlation_id)
            newer = newer[1:] if version else newer
            if decider.snapshots is not None and len(newer) >= decider.snapshots.every:
                self._long.add(stream)
            events = (cast("EventT", recorded.event) for recorded in newer)
            folded = decider.fold(events, cast("StateT | None", state))
            self._states[stream] = (folded, version + len(newer))
        return cast("StateT | None", self._states[stream][0])

    async def _from_snapshot(self, decider: Decider[Any, Any, Any], stream: str) -> tuple[object, int]:
        """Return a stream's stored state and its version; None and 0 if there is none to be used."""
        if decider.snapshots is None:
            return None, 0
        stored = await snapshots.load(self.connection, stream, decider.snapshots.version)
        if stored is None:
            return None, 0
        try:
            return decider.snapshots.decode(stored.state), stored.at_version
        except ValueError as error:
            log.warning("snapshot.unreadable", stream=stream, error=type(error).__name__)
            return None, 0

    async def decide(
        self, decider: Decider[CommandT, StateT, EventT], stream: str, command: CommandT
    ) -> list[EventT]:
        """Decide on the cached state.

        Whether it is stale is checked later, for all streams at once. A refusal ends the unit before that,
        so it is decided again on the stored state. Raises `Refused`, or `WrongExpectedVersion`.
        """
        if stream not in self._states and stream in self._known:
            remembered = self._known.get(stream)
            with suppress(Refused):
                events = list(decider.decide(command, cast("StateT | None", remembered[0])))
                self._states[stream] = remembered
                if not events:
                    self._unverified_no_ops[stream] = remembered[1]
                return events
        state = await self.state(decider, stream)
        try:
            return list(decider.decide(command, state))
        except Refused:
            await self.flush()
            raise

    def add(
        self,
        decider: Decider[Any, StateT, EventT],
        addition: Addition,
        recorded: list[Recorded],
        command: UUID | None,
    ) -> None:
        """Buffer decided events; once stored, they are in `recorded` too."""
        state, version = self._states[addition.stream]
        folded = decider.fold(cast("Sequence[EventT]", addition.events), cast("StateT | None", state))
        reached = version + len(addition.events)
        self._states[addition.stream] = (folded, reached)
        if (kept := decider.snapshots) is not None and (
            addition.stream in self._long or reached // kept.every > version // kept.every
        ):
            self._snapshots[addition.stream] = lambda: Snapshot(
                addition.stream, kept.version, reached, kept.encode(cast("StateT", folded))
            )
        if version == 0:
            self._begun[addition.stream] = addition.causes.correlation_id
        self._waiting.append((addition, recorded))
        if command is not None:
            self._commands[command] = addition

    def version(self, stream: str) -> int:
        """Return the version of a stream whose state was loaded here."""
        return self._states[stream][1]

    async def correlation_id(self, stream: str) -> UUID | None:
        """Return the correlation id that a stream began with, None if it has not begun."""
        found = self._begun.get(stream) or self._known.correlation_id(stream)
        if found is None and self._states.get(stream, (None, None))[1] != 0:
            found = cast("UUID | None", await self.connection.fetchval(_BEGAN, stream))
            if found is not None:
                self._known.put_correlation_id(stream, found)
        return found

    async def flush(self) -> None:
        """Store the buffered events and fold them into the state tables.

        Raises `WrongExpectedVersion` if any of them was decided on a stale state.
        """
        await self._verify_no_ops()
        await self._store_waiting()
        await self.writes.flush()

    async def _verify_no_ops(self) -> None:
        """Check the versions on which decisions were no-ops; an append checks its own."""
        unverified, self._unverified_no_ops = self._unverified_no_ops, {}
        for addition, _ in self._waiting:
            unverified.pop(addition.stream, None)
        if not unverified:
            return
        versions = await self._store.versions(list(unverified))
        other = [stream for stream, version in unverified.items() if versions[stream] != version]
        if other:
            self._forget()
            message = f"no-op decided on a stale version of {', '.join(other)}"
            raise WrongExpectedVersion(message)

    def _forget(self) -> None:
        """Remove every state that was decided on here from the cache: some were stale, maybe all."""
        for stream in self._states:
            self._known.forget(stream)

    async def _store_waiting(self) -> None:
        waiting, self._waiting = self._waiting, []
        commands, self._commands = self._commands, {}
        if not waiting:
            return
        fresh = {command: last for command, last in commands.items() if command not in self._noted}
        again = {id(last): command for command, last in commands.items() if command in self._noted}
        try:
            stored = await self._store.append_all([addition for addition, _ in waiting], fresh)
        except WrongExpectedVersion:
            self._forget()
            raise
        self._noted |= fresh.keys()
        for (addition, recorded), events in zip(waiting, stored, strict=True):
            recorded.extend(events)
            self.recorded += events
            if id(addition) in again:  # recorded with an earlier event
                await self.connection.execute(_MOVE, again[id(addition)], events[-1].cursor.position)
            await self._fold(events)
        due, self._snapshots = self._snapshots, {}
        await snapshots.store(self.connection, [snapshot() for snapshot in due.values()])

    async def _fold(self, events: Sequence[Recorded]) -> None:
        for event in events:
            for table in self._tables:
                await table.apply(event, self.writes)

    def committed(self) -> None:
        """Put the new states into the cache. Call it after the commit, and only then."""
        for stream, (state, version) in self._states.items():
            self._known.put(stream, state, version)
