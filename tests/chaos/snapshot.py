"""The state of the whole system, read from the stores, the stream and the sandboxes, not through services."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import asyncpg
import nats

from adrelay.runtime.states import Status
from libs.events.catalogue import published
from libs.eventsourcing import Event, EventStream
from libs.eventsourcing.values import Cursor, Envelope
from sandbox.mail import MailView
from sandbox.nowpayments.messages import NotificationView, PaymentView
from sandbox.telegram.models import MessageView, SessionView
from tests.chaos.system import ChaosSystem

EventT = TypeVar("EventT", bound=Event)
_EVENTS = """
select position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor,
       data::text as data
from engine.events order by engine.events.xid, position
"""


@dataclass(frozen=True)
class Stored:
    """An event as its store holds it."""

    envelope: Envelope
    event: Event


@dataclass(frozen=True)
class Store:
    """One service's database."""

    events: list[Stored]
    checkpoints: dict[tuple[str, str], Cursor]
    """By reader and source."""
    readers: dict[str, frozenset[str] | None]
    """The event types that each handles; None for all."""
    dead_letters: list[str]
    tables: dict[str, list[dict[str, Any]]]

    def all(self, kind: type[EventT]) -> Iterator[tuple[Envelope, EventT]]:
        """Yield the events of a type, in order."""
        for stored in self.events:
            if isinstance(stored.event, kind):
                yield stored.envelope, stored.event


@dataclass(frozen=True)
class Snapshot:
    """The state of a system at rest."""

    stores: dict[str, Store]
    stream: dict[str, list[Envelope]]
    """By service, in the stream's order."""
    messages: dict[int, list[MessageView]]
    """By chat."""
    held_twice: list[SessionView]
    payments: list[PaymentView]
    notifications: list[NotificationView]
    mails: list[MailView]
    """All mails that the mail sandbox received."""
    statuses: list[Status]


_TABLES = {
    "gateway": {
        "orders": "select order_number, status, payment_status, adbot::text as adbot from orders.orders",
        "addresses": "select account::text as account, email from personal.addresses",
        "deliveries": "select cycle::text as cycle, target, result from deliveries.deliveries",
    },
    "provisioning": {"seats": "select session::text as session, adbot::text as adbot from adbots.seats"},
}


async def read(system: ChaosSystem, chats: Collection[int]) -> Snapshot:
    """Return the present state, with the messages of these chats."""
    # answers before stores: the other way round, an answer could seem to lack its effect
    notifications, payments = await system.payments.notifications(), await system.payments.payments()
    return Snapshot(
        stores={service: await _store(service, url) for service, url in system.databases.items()},
        stream=await _stream(system.nats.url),
        messages={chat: await system.telegram.messages(chat) for chat in sorted(chats)},
        held_twice=await system.telegram.held_twice(),
        payments=payments,
        notifications=notifications,
        mails=await system.mails.mails(),
        statuses=system.supervisor.statuses(),
    )


async def _store(service: str, url: str) -> Store:
    connection = await asyncpg.connect(url, timeout=60)
    try:
        rows = await connection.fetch(_EVENTS)
        checkpoints = await connection.fetch("select reader, source, xid, position from engine.checkpoints")
        readers = await connection.fetch("select name, events from engine.readers")
        dead_letters = await connection.fetch("select reader, source, stream, error from engine.parked")
        tables = {
            name: [dict(row) for row in await connection.fetch(query)]
            for name, query in _TABLES.get(service, {}).items()
        }
    finally:
        await connection.close()
    catalogue = published()
    envelopes = [
        Envelope(
            **{key: value for key, value in row.items() if key not in {"position", "xid"}},
            cursor=Cursor(int(row["xid"]), row["position"]),
        )
        for row in rows
    ]
    return Store(
        events=[Stored(one, catalogue.decode(one.type, one.schema, one.data)) for one in envelopes],
        checkpoints={
            (row["reader"], row["source"]): Cursor(row["xid"], row["position"]) for row in checkpoints
        },
        readers={row["name"]: None if row["events"] is None else frozenset(row["events"]) for row in readers},
        dead_letters=[
            f"{service}.{row['reader']}: {row['source']} {row['stream']}: {row['error']}"
            for row in dead_letters
        ],
        tables=tables,
    )


async def _stream(url: str) -> dict[str, list[Envelope]]:
    client = await nats.connect(url, connect_timeout=5, max_reconnect_attempts=1)
    found: dict[str, list[Envelope]] = {}
    try:
        jetstream = client.jetstream()
        count = await EventStream(client).count()
        subscription = await jetstream.subscribe("event.>", ordered_consumer=True)
        for _ in range(count):
            message = await subscription.next_msg(timeout=5)
            source = message.subject.split(".")[1]
            found.setdefault(source, []).append(Envelope.from_json(message.data))
        await subscription.unsubscribe()
    finally:
        await client.close()
    return found


def same(stored: Envelope, carried: Envelope) -> bool:
    """Return whether an event on the stream equals the stored one."""
    return (
        json.loads(stored.data) == json.loads(carried.data)
        and stored.cursor == carried.cursor
        and (stored.id, stored.type, stored.schema) == (carried.id, carried.type, carried.schema)
        and (stored.stream, stored.version, stored.at) == (carried.stream, carried.version, carried.at)
        and (stored.correlation_id, stored.causation_id, stored.actor)
        == (carried.correlation_id, carried.causation_id, carried.actor)
    )
