"""Finds streams and correlated trees by any id that people paste.

Every query uses an index (a stream's name, an event's id, a correlation id, a payment, an e-mail address), or
reads a table with one row for each adbot. In a database without the gateway's table of addresses, such as a
scratch database, an address is searched for in the events of earlier versions, for at most `SCAN_SECONDS`.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from adrelay.registries import streams_of
from adrelay.terminal.outcome import NotFound, Unusable
from libs.chassis.pasted import Kind, Pasted, read
from libs.events.categories import CATEGORIES
from libs.eventsourcing.operations import (
    Connection,
    EventSummary,
    event_of_id,
    is_correlation_id,
    streams_saying,
    trees_of_streams,
)
from libs.eventsourcing.operations import streams_of_tree as streams_of_tree_in

SCAN_SECONDS = 5.0
MOST = 100
"""The most orders of an e-mail address, adbots of a group, and streams of a tree that are read."""

_THERE = "select to_regclass($1) is not null"
_PAYMENT = "select 'order-' || order_no from orders.orders where payment = $1 limit $2"
_ACCOUNT = """
select 'account-' || account from accounts.accounts join personal.addresses using (account)
where mailbox = any($1) limit $2
"""
_ORDERS = """
select 'order-' || order_number from orders.orders join personal.addresses using (account)
where mailbox = any($1) order by placed_at desc limit $2
"""
_ADBOTS = """
select category || adbot from adbots.adbot_schedules, unnest(array['adbot-', 'schedule-']) as category
where exists (select from jsonb_array_elements_text(targets) as target
              where target = $1 or starts_with(target, $1 || '/')) or post->>'channel' = $1
limit $2
"""


@dataclass(frozen=True)
class Found:
    """The result of a search: the correlated trees in which an id occurs, the newest first."""

    names: tuple[str, ...]
    """The id's kind and name, such as `stream order-HQADZ-1` or `event 0199…`."""
    streams: dict[str, str]
    """The streams found, or the event's, each with its service."""
    asked: frozenset[str]
    """The streams all of whose events are meant."""
    event: UUID | None
    correlations: tuple[UUID, ...]

    def is_about(self, event: EventSummary) -> bool:
        """Return whether an event was searched for, or is in a stream that was."""
        return event.id == self.event or event.stream in self.asked


async def find(connections: Mapping[str, Connection], text: str) -> Found:
    """Look up a pasted text in every store; raise `NotFound` naming what was searched for, and where."""
    wanted = read(text)
    if not wanted.text:
        raise Unusable("the id is empty")
    more, names = await _meant(connections, wanted)
    parts = await asyncio.gather(
        *(_look(service, connection, wanted, more) for service, connection in connections.items())
    )
    began: dict[UUID, float] = {}
    streams: dict[str, str] = {}
    for part in parts:
        names += part.names
        streams |= part.streams
        began |= {tree: max(at, began.get(tree, 0.0)) for tree, at in part.correlations.items()}
    if not began:
        raise NotFound(_looked_for(wanted, list(connections)))
    newest_first = sorted(began, key=lambda correlation: -began[correlation])
    asked = frozenset(stream for part in parts for stream in part.asked)
    event = next((part.event for part in parts if part.event is not None), None)
    return Found(tuple(dict.fromkeys(names)), streams, asked, event, tuple(newest_first))


async def streams_of_tree(connections: Mapping[str, Connection], correlation: UUID) -> dict[str, str]:
    """Return the first streams in which a correlated tree has events, and each one's service."""
    found: dict[str, str] = {}
    for service, connection in connections.items():
        found |= dict.fromkeys(await streams_of_tree_in(connection, correlation, MOST), service)
    return found


@dataclass
class _Part:
    names: list[str] = field(default_factory=list[str])
    streams: dict[str, str] = field(default_factory=dict[str, str])
    asked: set[str] = field(default_factory=set[str])
    event: UUID | None = None
    correlations: dict[UUID, float] = field(default_factory=dict[UUID, float])


async def _meant(connections: Mapping[str, Connection], wanted: Pasted) -> tuple[list[str], list[str]]:
    """Return the streams that a table names for an id, and the id's kind."""
    gateway, billing = connections.get("gateway"), connections.get("billing")
    if wanted.kind is Kind.EMAIL and gateway is not None and billing is not None:
        spellings = _spellings(wanted.text)
        accounts = await _rows(gateway, "personal.addresses", _ACCOUNT, spellings)
        orders = await _rows(gateway, "personal.addresses", _ORDERS, spellings)
        if accounts is None:
            accounts = await _scan(gateway, "AccountRegistered", spellings)
        if orders is None:
            orders = await _scan(billing, "OrderPlaced", spellings)
        streams = accounts + orders
    elif wanted.kind is Kind.TELEGRAM and gateway is not None:
        streams = await _rows(gateway, "adbots.adbot_schedules", _ADBOTS, wanted.text) or []
    elif wanted.kind is Kind.NAME and billing is not None:
        streams = await _rows(billing, "orders.orders", _PAYMENT, wanted.text) or []
        return streams, [f"payment {wanted.text}"] if streams else []
    else:
        streams = []
    return streams, [f"{wanted.kind} {wanted.text}"] if streams else []


def _spellings(email: str) -> list[str]:
    """Return the forms in which an e-mail address may be stored: as written, and normalised."""
    from services.gateway.mail.addresses import canonical_or_same

    return list(dict.fromkeys((email, canonical_or_same(email))))


async def _rows(connection: Connection, table: str, query: str, text: str | list[str]) -> list[str] | None:
    """Return the streams that a table names, None if the table is not in this store."""
    if not await connection.fetchval(_THERE, table):
        return None
    return [row[0] for row in await connection.fetch(query, text, MOST, timeout=SCAN_SECONDS)]


async def _scan(connection: Connection, kind: str, spellings: list[str]) -> list[str]:
    """Return the streams of the events of a type that contain an e-mail address."""
    try:
        return await streams_saying(connection, kind, "email", spellings, limit=MOST, seconds=SCAN_SECONDS)
    except TimeoutError:
        raise NotFound(
            f"{spellings[0]} was not found within {SCAN_SECONDS:.0f} seconds: the gateway has no table "
            "of addresses yet, and there are too many events to look through"
        ) from None


async def _look(service: str, connection: Connection, wanted: Pasted, more: list[str]) -> _Part:
    part = _Part()
    names = more if wanted.kind in {Kind.EMAIL, Kind.TELEGRAM} else [*streams_of(service, wanted.text), *more]
    for stream, tree, began in await trees_of_streams(connection, names):
        part.names.append(f"stream {stream}")
        part.streams[stream] = service
        part.asked.add(stream)
        part.correlations[tree] = began.timestamp()
    if wanted.kind is Kind.ID:
        await _look_for_id(part, service, connection, UUID(wanted.text))
    return part


async def _look_for_id(part: _Part, service: str, connection: Connection, uuid: UUID) -> None:
    event = await event_of_id(connection, uuid)
    if event is not None:
        part.names.append(f"event {uuid} in {event.stream}")
        part.streams[event.stream] = service
        part.event = uuid
        part.correlations[event.correlation_id] = 0.0
    if await is_correlation_id(connection, uuid):
        part.names.append(f"correlation id {uuid}")
        part.correlations.setdefault(uuid, 0.0)


def _looked_for(wanted: Pasted, services: list[str]) -> str:
    """Return a text that names what was searched for, and where."""
    everywhere = ", ".join(services)
    where = {
        Kind.ORDER: f"looked for the stream order-{wanted.text} in {everywhere}",
        Kind.EMAIL: "looked for an account and for orders in gateway",
        Kind.TELEGRAM: "looked for adbots that forward from it or to it, in gateway",
        Kind.ID: f"looked for a stream of {', '.join(CATEGORIES)}, an event and a correlation id, "
        f"in {everywhere}",
        Kind.NAME: f"looked for a stream in {everywhere}, and for a payment in billing",
    }
    return f"nothing is known by the {wanted.kind} {wanted.text!r}: {where[wanted.kind]}"
