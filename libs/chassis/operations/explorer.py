"""The answers to the event explorer, from a service's own store."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from libs.chassis.operations.fitting import MOST_BYTES, size_of
from libs.chassis.operations.masking import MOST_ENTRIES, shown_data, shown_state, shown_text
from libs.chassis.plain_values import Json
from libs.chassis.questions import Answering
from libs.events.operations.explorer import (
    MOST_TREES,
    EventHead,
    EventInStore,
    FoundInStore,
    ReadEvent,
    ReadStream,
    ReadTree,
    SearchStore,
    ShownEvent,
    ShownStep,
    StreamInStore,
    StreamPart,
    TreeEvents,
    TreeInStore,
)
from libs.eventsourcing import Engine, Refused, Registry
from libs.eventsourcing.operations import (
    Connection,
    EventSummary,
    Folding,
    Step,
    StreamTooLong,
    envelope_of_id,
    event_of_id,
    events_between,
    events_of_tree,
    fold_until,
    trees_of_streams,
    version_at,
    versions_of,
)
from libs.eventsourcing.values import Envelope

FOLD_SECONDS = 3.0
"""How long the events before a page may take to be folded."""
STATEMENT_SECONDS = 5
_LONGEST_PROBLEM = 1_000


def answer(answering: Answering, engine: Engine, registry: Registry[Any]) -> None:
    """Answer the event explorer."""
    explorer = Explorer(engine, registry)
    answering.answer(SearchStore, explorer.find)
    answering.answer(ReadTree, explorer.tree)
    answering.answer(ReadStream, explorer.stream)
    answering.answer(ReadEvent, explorer.event)


class Explorer:
    """Reads a service's store for the event explorer."""

    def __init__(self, engine: Engine, registry: Registry[Any]) -> None:
        self._engine, self._registry = engine, registry

    async def find(self, question: SearchStore) -> FoundInStore:
        """Return the streams, the event and the correlated trees of these names and ids."""
        names = [*question.names]
        if question.key:
            names += [question.key, *(f"{category}-{question.key}" for category in self._registry.deciders)]
        async with self._reading() as connection:
            found = await trees_of_streams(connection, names, limit=MOST_TREES)
            versions = await versions_of(connection, names)
            trees = {tree.correlation_id: tree.began for tree in found}  # the first of each comes last
            event = None if question.id is None else await event_of_id(connection, question.id)
            if event is not None:
                trees.setdefault(event.correlation_id, event.at)
            if question.id is not None and question.id not in trees:
                for first in (await events_of_tree(connection, question.id, 1))[0]:
                    trees[question.id] = first.at
        latest = sorted(trees.items(), key=lambda tree: tree[1], reverse=True)
        return FoundInStore(
            streams=tuple(StreamInStore(stream=one, versions=many) for one, many in versions.items()),
            trees=tuple(TreeInStore(correlation_id=tree, began=began) for tree, began in latest),
            event=None if event is None else _head(event),
        )

    async def tree(self, question: ReadTree) -> TreeEvents:
        """Return the first events of a correlated tree."""
        async with self._reading() as connection:
            events, count = await events_of_tree(connection, question.correlation_id, question.limit)
        return TreeEvents(events=tuple(map(_head, events)), count=count)

    async def stream(self, question: ReadStream) -> StreamPart:
        """Return a stream's last events up to a version or a moment, each with the state after it."""
        async with self._reading() as connection:
            versions = (await versions_of(connection, [question.stream])).get(question.stream, 0)
            if not versions:
                raise Refused("unknown_stream", f"there is no stream {question.stream}")
            until = question.until or versions
            if question.at is not None:
                until = min(until, await version_at(connection, question.stream, question.at))
            until = min(until, versions)
            after = max(0, until - question.limit)
            folding = await self._folding(connection, question.stream, after)
            envelopes = await events_between(connection, question.stream, after, until - after)
        steps = await _last_ones([folding.step(envelope) for envelope in envelopes])
        return StreamPart(steps=tuple(steps), versions=versions)

    async def event(self, question: ReadEvent) -> EventInStore:
        """Return an event with its data."""
        async with self._reading() as connection:
            envelope = await envelope_of_id(connection, question.id)
        if envelope is None:
            return EventInStore()
        return EventInStore(
            event=ShownEvent(
                head=_head_of(envelope), schema_version=envelope.schema, data=_data(envelope.data)
            )
        )

    async def _folding(self, connection: Connection, stream: str, version: int) -> Folding:
        decider = self._registry.deciders.get(stream.partition("-")[0])
        try:
            return await fold_until(
                connection,
                stream,
                version,
                decider=decider,
                catalogue=self._engine.catalogue,
                seconds=FOLD_SECONDS,
            )
        except StreamTooLong as error:
            folding = Folding(decider, self._engine.catalogue)
            folding.fail(f"the stream is too long: {error}")
            return folding

    @asynccontextmanager
    async def _reading(self) -> AsyncGenerator[Connection]:
        """Yield a connection that sees one snapshot, and whose statements may not take long."""
        async with (
            self._engine.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            await connection.execute(f"set local statement_timeout = '{STATEMENT_SECONDS}s'")
            yield connection


async def _last_ones(steps: Sequence[Step]) -> list[ShownStep]:
    """Return the last steps that fit into an answer, at least one; other tasks have a turn between them."""
    kept: list[ShownStep] = []
    left = MOST_BYTES
    for step in reversed(steps):
        shown = _step(step)
        if not kept and size_of(shown) > MOST_BYTES:
            shown = _step(step, most=MOST_ENTRIES)
        left -= size_of(shown)
        if left < 0 and kept:
            break
        kept.append(shown)
        await asyncio.sleep(0)
    return kept[::-1]


def _head(event: EventSummary) -> EventHead:
    return EventHead(**event._asdict())


def _head_of(envelope: Envelope) -> EventHead:
    return EventHead(
        id=envelope.id,
        type=envelope.type,
        stream=envelope.stream,
        version=envelope.version,
        position=envelope.cursor.position,
        at=envelope.at,
        correlation_id=envelope.correlation_id,
        causation_id=envelope.causation_id,
        actor=envelope.actor,
    )


def _step(step: Step, *, most: int | None = None) -> ShownStep:
    return ShownStep(
        head=_head_of(step.envelope),
        schema_version=step.envelope.schema,
        data=_data(step.envelope.data, most=most),
        state_type=None if step.problem is not None else type(step.state).__name__,
        state=None if step.problem is not None else shown_state(step.state, most=most),
        problem=None if step.problem is None else shown_text(step.problem, longest=_LONGEST_PROBLEM),
    )


def _data(data: str, *, most: int | None = None) -> dict[str, Json]:
    found = shown_data(data, most=most)
    return found if isinstance(found, dict) else {}
