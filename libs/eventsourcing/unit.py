"""One transaction: the decisions that it takes, the events that they append, the tables that follow."""

from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from libs.events.base import Event
from libs.events.catalogue import EventCatalogue
from libs.eventsourcing.decider import Decider, Refused
from libs.eventsourcing.postgres import Connection, PostgresStore
from libs.eventsourcing.projection import Projection, Sql, Writes
from libs.eventsourcing.record import Causes, Cursor, Recorded, utc_now
from libs.eventsourcing.store import WrongExpectedVersion

CommandT = TypeVar("CommandT")
StateT = TypeVar("StateT")
EventT = TypeVar("EventT", bound=Event)


class StateCache:
    """Folded states of recently used streams, so that long streams are not folded again and again.

    Holds committed history only: a unit puts its states in once its transaction has committed. What others
    have appended since is loaded on top; that the state was right is checked by the append, as ever.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._states: OrderedDict[str, tuple[object, int]] = OrderedDict()
        self._stories: OrderedDict[str, UUID] = OrderedDict()

    def get(self, stream: str) -> tuple[object, int]:
        """Return a state of the stream and its version; None and 0 if none is known."""
        if stream not in self._states:
            return None, 0
        self._states.move_to_end(stream)
        return self._states[stream]

    def __contains__(self, stream: str) -> bool:
        """Say whether a state of the stream is known."""
        return stream in self._states

    def forget(self, stream: str) -> None:
        """Forget a state that turned out to be behind."""
        self._states.pop(stream, None)

    def story(self, stream: str) -> UUID | None:
        """Return the story in which a stream began, None if that is not known."""
        return self._stories.get(stream)

    def put_story(self, stream: str, story: UUID) -> None:
        """Remember in which story a stream began, which never changes; it must be committed."""
        self._stories[stream] = story
        if len(self._stories) > self._size:
            self._stories.popitem(last=False)

    def put(self, stream: str, state: object, version: int) -> None:
        """Remember a committed state, unless a newer one is known."""
        if version >= self._states.get(stream, (None, 0))[1] and version > 0:
            self._states[stream] = (state, version)
            self._states.move_to_end(stream)
            if len(self._states) > self._size:
                self._states.popitem(last=False)


class UnitOfWork:
    """A transaction in which decisions are taken. It commits as a whole or not at all.

    It may run several times before it commits: do nothing in it that can't be taken back.
    """

    def __init__(
        self,
        connection: Connection,
        catalogue: EventCatalogue,
        tables: Sequence[Projection],
        causes: Causes,
        *,
        cause: Recorded | None = None,
        command: UUID | None = None,
        known: "StateCache | None" = None,
    ) -> None:
        self.sql = Sql(connection)
        """For what a decision must know, and for tables that no event changes."""
        self.causes = causes
        self.at: datetime = utc_now()
        """When this unit began; the time of what it decides."""
        self.recorded: list[Recorded] = []
        """What it has appended so far."""
        self.noted: Cursor | None = None
        """What the command's row tells to be the last event that it wrote."""
        self._connection = connection
        self._cause = cause
        self._command = command
        self._tables = tables
        self._store = PostgresStore(connection, catalogue)
        self._states: dict[str, tuple[object, int]] = {}
        self._fresh: set[str] = set()
        """The streams whose states were loaded, or written, in this very transaction."""
        self._known = known if known is not None else StateCache(0)

    @property
    def cause(self) -> Recorded:
        """The event that a reaction reacts to."""
        if self._cause is None:
            message = "this unit of work is no reaction to an event"
            raise LookupError(message)
        return self._cause

    def follow(self, correlation_id: UUID, causation_id: UUID | None = None) -> None:
        """Have what is appended from now on continue another story than the one that led here."""
        self.causes = replace(
            self.causes,
            correlation_id=correlation_id,
            causation_id=causation_id or self.causes.causation_id,
        )

    async def follow_stream(self, stream: str) -> None:
        """Continue the story in which a stream began, if it has begun."""
        first = self._known.story(stream)
        if first is None:
            first = await self.sql.fetchval(
                "select correlation_id from engine.events where stream = $1 and version = 1", stream
            )
            if first is None:
                return
            if not self.recorded:  # else it could be this unit that began it, and is not committed
                self._known.put_story(stream, first)
        self.follow(first)

    async def load(self, decider: Decider[CommandT, StateT, EventT], key: object) -> StateT | None:
        """Return an aggregate's present state, None if nothing ever happened to it."""
        state, _ = await self._load(decider, decider.stream(key))
        return cast("StateT | None", state)

    async def execute(
        self, decider: Decider[CommandT, StateT, EventT], key: object, command: CommandT
    ) -> list[EventT]:
        """Decide, append what follows, and fold it into the state tables; return it.

        Raises `Refused`, or `WrongExpectedVersion` after which the whole unit runs again, or `CarriedOut` if
        the command was carried out before.
        """
        stream = decider.stream(key)
        events = await self._decide(decider, stream, command)
        if not events:
            return []
        known, version = self._states[stream]
        folded = decider.fold(events, cast("StateT | None", known))
        try:
            appended = await self._store.append(
                stream,
                version,
                events,
                causes=self.causes,
                at=self.at,
                command=None if self.recorded else self._command,
            )
        except WrongExpectedVersion:
            self._known.forget(stream)
            raise
        if not self.recorded:
            self.noted = appended[-1].cursor
        self.recorded += appended
        writes = Writes(self._connection)
        for recorded in appended:
            for table in self._tables:
                await table.apply(recorded, writes)
        await writes.flush()
        self._states[stream] = (folded, version + len(events))
        self._fresh.add(stream)
        return events

    async def _decide(
        self, decider: Decider[CommandT, StateT, EventT], stream: str, command: CommandT
    ) -> list[EventT]:
        """Decide on the state that this process remembers, if what follows is checked by an append anyway.

        That nothing follows, or that it is refused, is believed on a loaded state alone.
        """
        if stream not in self._fresh and stream in self._known:
            self._states[stream] = self._known.get(stream)
            with suppress(Refused):
                state = cast("StateT | None", self._states[stream][0])
                if events := list(decider.decide(command, state)):
                    return events
        known, _ = await self._load(decider, stream)
        return list(decider.decide(command, cast("StateT | None", known)))

    def committed(self) -> None:
        """Let later units begin where this one ended. Call it after the commit, and only then."""
        for stream, (state, version) in self._states.items():
            self._known.put(stream, state, version)

    async def _load(self, decider: Decider[Any, Any, Any], stream: str) -> tuple[object, int]:
        if stream not in self._fresh:
            state, version = self._known.get(stream)
            newer = await self._store.load(stream, after=max(version - 1, 0))
            if version and not newer:
                message = f"{stream} is known at version {version}, which began after this transaction"
                raise WrongExpectedVersion(message)
            newer = newer[1:] if version else newer
            state = decider.fold((recorded.event for recorded in newer), state)
            self._states[stream] = (state, version + len(newer))
            self._fresh.add(stream)
        return self._states[stream]
