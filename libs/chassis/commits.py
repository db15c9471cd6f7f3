"""Announces commits to a service's other processes, over core NATS, so that they rarely poll the database.

An announcement says up to where the store has grown, and by which process. One that is lost costs time only,
since everybody polls too, and a forged one costs queries.
"""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.chassis.broker import BrokerClient
from libs.chassis.broker_permissions import committed_subject
from libs.eventsourcing import Engine, Relay
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.values import START, Cursor, Recorded, new_id

log = structlog.stdlib.get_logger()

PACE_SECONDS = 0.02
"""The shortest interval between two messages, in seconds; commits meanwhile share one."""
FORBIDDEN_SECONDS = 600.0
"""After how many seconds it is tried again what the broker's user may not do, as with permissions of an older
version. After a new connection to the broker it is tried at once."""


class Announcements:
    """The commits that the processes of a service announce to each other."""

    def __init__(self, engine: Engine, relay: Relay, nats: BrokerClient, *, prefix: str = "") -> None:
        self._engine, self._relay, self._nats = engine, relay, nats
        self._subject = committed_subject(engine.service, prefix)
        self._process = new_id().hex
        self._newest = START
        self._pending = asyncio.Event()
        self._forbidden = False
        self._forbidden_on: int | None = None
        """The connection to the broker on which it was forbidden last."""
        self._try_again_at = 0.0
        engine.on_commit(self._committed)

    def _committed(self, recorded: Sequence[Recorded]) -> None:
        self._newest = max(self._newest, recorded[-1].cursor)
        self._pending.set()

    async def run(self) -> None:
        """Announce and listen until cancelled."""
        self._nats.on_forbidden(self._subject, self._forbid)
        subscription = await self._nats.subscribe(self._subject, cb=self._receive)
        try:
            while True:
                heed_cancellation()
                await self._pending.wait()
                if self._forbidden and self._may_try_again():
                    self._forbidden = False
                    with suppress(NatsError):
                        await subscription.unsubscribe()
                    subscription = await self._nats.subscribe(self._subject, cb=self._receive)
                await self._announce()
                await asyncio.sleep(PACE_SECONDS)
        finally:
            if self._pending.is_set():
                await self._announce()
            with suppress(NatsError):
                await subscription.unsubscribe()

    @property
    def _connection(self) -> int:
        return self._nats.stats["reconnects"]

    def _forbid(self) -> None:
        """Be silent for a while: the broker's user may not publish or listen on the subject."""
        if self._forbidden_on != self._connection:
            log.warning("commits.forbidden", subject=self._subject)
        self._forbidden, self._forbidden_on = True, self._connection
        self._try_again_at = time.monotonic() + FORBIDDEN_SECONDS

    def _may_try_again(self) -> bool:
        return self._forbidden_on != self._connection or time.monotonic() >= self._try_again_at

    async def _announce(self) -> None:
        self._pending.clear()
        if self._forbidden:
            return
        try:
            await self._nats.publish(self._subject, _written(self._process, self._newest))
        except NatsError as error:
            log.debug("commits.not_announced", error=repr(error))

    async def _receive(self, message: Msg) -> None:
        announced = _read(message.data)
        if announced is None or announced[0] == self._process:
            return
        self._relay.note_commit(announced[1])
        self._engine.changed()


def _written(process: str, cursor: Cursor) -> bytes:
    return f"{process} {cursor.xid} {cursor.position}".encode()


def _read(data: bytes) -> tuple[str, Cursor] | None:
    """Return the process and its cursor, None if nobody of ours has written this."""
    with suppress(ValueError):
        process, xid, position = data.decode().split(" ")
        return process, Cursor(int(xid), int(position))
    return None
