"""The states of one stream: folded event by event, from its start or from a snapshot."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.model.errors import ImpossibleEvent, UnknownEvent
from libs.eventsourcing.store import snapshots
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import EVENT_COLUMNS, envelope_of

_BATCH = 50
"""How many events are folded before other tasks have a turn."""
_BETWEEN = f"""
select {EVENT_COLUMNS} from engine.events where stream = $1 and version > $2 order by version limit $3
"""  # noqa: S608 - constants
_VERSIONS = """
select stream, (select max(version) from engine.events where stream = asked.stream) as versions
from unnest($1::text[]) as asked (stream)
"""
_VERSION_AT = "select coalesce(max(version), 0) from engine.events where stream = $1 and at <= $2"


class StreamTooLong(Exception):
    """A stream has so many events that they could not be folded in time."""


@dataclass(frozen=True)
class Step:
    """An event and the state after it; `problem` is the error because of which there is no state any more."""

    envelope: Envelope
    state: object | None
    problem: str | None = None


class Folding:
    """Folds the events of one stream in order, and keeps the state after the last one."""

    def __init__(
        self,
        decider: Decider[Any, Any, Any] | None,
        catalogue: EventCatalogue,
        *,
        state: object | None = None,
    ) -> None:
        self._decider, self._catalogue = decider, catalogue
        self._state = state
        self._problem: str | None = None

    def step(self, envelope: Envelope) -> Step:
        """Return an event with the state after it; once a fold has failed, with its problem."""
        if self._problem is None:
            try:
                self._fold(envelope)
            except UnknownEvent as error:
                self._problem = str(error)
            except ValidationError as error:
                count = error.error_count()
                self._problem = f"{envelope.type} v{envelope.version} is not readable: {count} errors"
            except ImpossibleEvent as error:
                self._problem = f"v{envelope.version} is impossible here: {error}"
        return Step(envelope, self._state if self._problem is None else None, self._problem)

    def fail(self, problem: str) -> None:
        """Fold nothing more, for this reason."""
        self._problem = problem

    def _fold(self, envelope: Envelope) -> None:
        if self._decider is None:
            self._problem = f"no aggregate is called {envelope.stream.partition('-')[0]!r}"
            return
        event = self._catalogue.decode(envelope.type, envelope.schema, envelope.data)
        self._state = self._decider.evolve(self._state, event)


async def versions_of(connection: Connection, streams: Sequence[str]) -> dict[str, int]:
    """Return how many events streams have; unknown ones are left out."""
    rows = await connection.fetch(_VERSIONS, list(streams))
    return {row["stream"]: row["versions"] for row in rows if row["versions"] is not None}


async def version_at(connection: Connection, stream: str, moment: datetime) -> int:
    """Return how many events a stream had at a moment."""
    found: int = await connection.fetchval(_VERSION_AT, stream, moment)
    return found


async def events_between(connection: Connection, stream: str, after: int, limit: int) -> list[Envelope]:
    """Return a stream's next events behind a version, in order."""
    return [envelope_of(row) for row in await connection.fetch(_BETWEEN, stream, after, limit)]


async def fold_until(
    connection: Connection,
    stream: str,
    version: int,
    *,
    decider: Decider[Any, Any, Any] | None,
    catalogue: EventCatalogue,
    seconds: float,
) -> Folding:
    """Return the folding of a stream that has taken its events up to a version.

    Raises `StreamTooLong` if that takes longer than `seconds`.
    """
    done, state = 0, None
    if decider is not None and decider.snapshots is not None:
        kept = await snapshots.load(connection, stream, decider.snapshots.version)
        if kept is not None and kept.at_version <= version:
            try:
                done, state = kept.at_version, decider.snapshots.decode(kept.state)
            except ValueError:
                done, state = 0, None  # it is never the truth
    folding, deadline = Folding(decider, catalogue, state=state), time.monotonic() + seconds
    while done < version:
        envelopes = await events_between(connection, stream, done, min(_BATCH, version - done))
        for envelope in envelopes:
            if time.monotonic() > deadline:
                message = f"{envelope.version} of {version} events were folded in {seconds:.0f} seconds"
                raise StreamTooLong(message)
            folding.step(envelope)
        done += max(1, len(envelopes))
        await asyncio.sleep(0)
    return folding
