"""Answers over NATS how the readers and the relay of this process's service do."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from contextlib import suppress

import asyncpg
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.chassis.store_metrics import RelayWatch
from libs.events.health import QUESTION, ReaderHealth, ServiceHealth
from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.operations import reader_lags

log = structlog.stdlib.get_logger()

SAME_SECONDS = 1.0
"""How long an answer is given again, so that many questions cost little."""
_NO_ANSWER = (
    Transient,
    StatementRejected,
    NatsError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""Whoever asks takes no answer for one."""


class HealthAnswers:
    """Answers questions for the health of a service."""

    def __init__(
        self, engine: Engine, nats: Client, stream: EventStream, watched: RelayWatch, *, prefix: str
    ) -> None:
        self._engine, self._nats, self._stream, self._watched = engine, nats, stream, watched
        self._subject = f"{prefix}{QUESTION}"
        self._last: ServiceHealth | None = None
        self._looked_at = 0.0
        self._one_at_a_time = asyncio.Lock()

    async def run(self) -> None:
        """Answer until cancelled."""
        subscription = await self._nats.subscribe(self._subject, cb=self._answer)
        try:
            await asyncio.Event().wait()
        finally:
            with suppress(NatsError):
                await subscription.unsubscribe()

    async def now(self) -> ServiceHealth:
        """Return the health, at most a second old; raise as the database or NATS do."""
        async with self._one_at_a_time:
            at = asyncio.get_running_loop().time()
            if self._last is None or at - self._looked_at >= SAME_SECONDS:
                self._last = await self._look()
                self._looked_at = at
            return self._last

    async def _look(self) -> ServiceHealth:
        connection = await self._engine.connect()
        try:
            lags = await reader_lags(self._engine.service, connection, self._stream, self._engine.catalogue)
        finally:
            await connection.close()
        return ServiceHealth(
            service=self._engine.service,
            relay_seconds=self._watched.stalled_seconds,
            relay_error=await self._watched.problem() or "",
            readers=tuple(
                ReaderHealth(
                    name=one.name,
                    waiting=one.waiting,
                    oldest_seconds=one.oldest_seconds,
                    dead_letters=one.dead_letters,
                )
                for one in lags
            ),
        )

    async def _answer(self, question: Msg) -> None:
        try:
            await question.respond((await self.now()).model_dump_json().encode())
        except _NO_ANSWER as error:
            log.warning("health.not_answered", error=repr(error))
