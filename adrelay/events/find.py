"""From any id to the stories that it belongs to."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from adrelay.events.aggregates import streams_of
from adrelay.events.rows import ToldEvent
from libs.eventsourcing.postgres import Connection

_STREAMS = """
select stream, correlation_id, min(at) as began from engine.events
where stream = any($1) group by stream, correlation_id
"""
_EVENT = """
select id, stream, correlation_id from engine.events where id = $1
"""
_STORY = "select exists (select from engine.events where correlation_id = $1)"
_ORDERS = "select to_regclass('orders.orders') is not null"
_PAYMENT = "select 'order-' || order_no from orders.orders where payment = $1"


@dataclass(frozen=True)
class Found:
    """What an id stands for, and the stories in which it occurs, the newest first."""

    names: tuple[str, ...]
    """Such as `stream order-HQADZ-1` or `event 0199…`."""
    streams: frozenset[str]
    event: UUID | None
    stories: tuple[UUID, ...]

    def is_about(self, event: ToldEvent) -> bool:
        """Say whether an event is what was looked for, or in a stream that was."""
        return event.id == self.event or event.stream in self.streams


async def find(connections: Mapping[str, Connection], key: str) -> Found | None:
    """Look an id up in every store: a stream's name or key, a payment, an event, a story."""
    paid = await _payment(connections, key)
    uuid = _uuid(key)
    parts = await asyncio.gather(
        *(_look(service, connection, key, paid, uuid) for service, connection in connections.items())
    )
    names: list[str] = [] if paid is None else [f"payment {key}"]
    began: dict[UUID, float] = {}
    streams: set[str] = set()
    event: UUID | None = None
    for part in parts:
        names += part.names
        streams |= part.streams
        event = event or part.event
        began |= {story: max(at, began.get(story, 0.0)) for story, at in part.stories.items()}
    if not began:
        return None
    newest_first = sorted(began, key=lambda story: -began[story])
    return Found(tuple(dict.fromkeys(names)), frozenset(streams), event, tuple(newest_first))


@dataclass
class _Part:
    names: list[str]
    streams: set[str]
    event: UUID | None
    stories: dict[UUID, float]


async def _payment(connections: Mapping[str, Connection], key: str) -> str | None:
    """Return the stream of the order that a payment pays."""
    billing = connections.get("billing")
    if billing is None or not await billing.fetchval(_ORDERS):
        return None
    found: str | None = await billing.fetchval(_PAYMENT, key)
    return found


async def _look(service: str, connection: Connection, key: str, paid: str | None, uuid: UUID | None) -> _Part:
    part = _Part([], set(), None, {})
    wanted = streams_of(service, key) + ([paid] if paid else [])
    for row in await connection.fetch(_STREAMS, wanted):
        part.names.append(f"stream {row['stream']}")
        part.streams.add(row["stream"])
        part.stories[row["correlation_id"]] = row["began"].timestamp()
    if uuid is not None:
        event = await connection.fetchrow(_EVENT, uuid)
        if event is not None:
            part.names.append(f"event {uuid} in {event['stream']}")
            part.event = uuid
            part.stories[event["correlation_id"]] = 0.0
        if await connection.fetchval(_STORY, uuid):
            part.names.append(f"story {uuid}")
            part.stories.setdefault(uuid, 0.0)
    return part


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
