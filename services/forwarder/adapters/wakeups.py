"""Wakes workers over core NATS when cycles start, so that they can poll the database rarely.

A wake-up has no payload: a lost one costs only time, since workers poll too, and a forged one costs a query.
"""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.chassis.broker_permissions import wakeup_subject
from libs.eventsourcing.background import heed_cancellation
from libs.eventsourcing.values import Recorded
from services.forwarder.cycle.tables import adds_sends

log = structlog.stdlib.get_logger()

PACE_SECONDS = 0.01
"""The shortest interval between two wake-ups, in seconds; commits meanwhile share one."""
RETRY_SECONDS = 1.0


class Wakeups:
    """Publishes wake-ups from the forwarder's service to its workers."""

    def __init__(self, nats: Client, prefix: str) -> None:
        self._nats = nats
        self._subject = wakeup_subject("forwarder", prefix)
        self._committed = asyncio.Event()

    def committed(self, recorded: Sequence[Recorded]) -> None:
        """Request a wake-up after a commit of events that queue sends."""
        if any(adds_sends(one.event) for one in recorded):
            self._committed.set()

    async def keep_sending(self) -> None:
        """Publish the requested wake-ups, until cancelled."""
        while True:
            heed_cancellation()
            await self._committed.wait()
            self._committed.clear()
            try:
                await self._nats.publish(self._subject)
            except NatsError as error:
                log.warning("wakeups.not_sent", error=repr(error))
                await asyncio.sleep(RETRY_SECONDS)
            await asyncio.sleep(PACE_SECONDS)

    async def keep_listening(self, wake: Callable[[], None]) -> None:
        """Call `wake` for every wake-up, until cancelled."""

        async def woken(_: Msg) -> None:
            wake()

        subscription = await self._nats.subscribe(self._subject, cb=woken)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()
