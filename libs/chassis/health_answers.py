"""Answers over NATS how the readers, the relay and the database of this process's service do."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version

import asyncpg
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from libs.chassis.names import APPLICATION
from libs.chassis.operations.lag_problems import (
    database_problems,
    reader_problems,
    relay_problems,
    timer_problems,
)
from libs.chassis.operations.rebuilds import Rebuilds
from libs.chassis.recent import Recent
from libs.chassis.store_metrics import RelayWatch
from libs.chassis.verifying import MessageVerifier
from libs.events.health import QUESTION, DatabaseHealth, ReaderHealth, RelayHealth, ServiceHealth, TimerHealth
from libs.eventsourcing import Engine, EventStream
from libs.eventsourcing.background import Timer
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.operations import (
    DatabaseUsage,
    OldestTransaction,
    ReaderLag,
    RelayLag,
    close,
    database_usage,
    oldest_transaction,
    reader_lags,
    relay_lag,
)
from libs.eventsourcing.values import utc_now

log = structlog.stdlib.get_logger()

SAME_SECONDS = 1.0
"""How long an answer is given again, so that many questions cost little."""
ALLOWED_SECONDS = 10.0
"""From when on a lag, or an open transaction, is a problem."""
_NO_ANSWER = (
    Transient,
    StatementRejected,
    NatsError,
    OSError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
"""Whoever asks takes no answer for one."""


@dataclass(frozen=True)
class ProcessParts:
    """The parts of a process of which its health tells."""

    relay: RelayWatch
    rebuilds: Rebuilds
    questions_waiting: Callable[[], int]
    timers: Sequence[Timer]


class HealthAnswers:
    """Answers questions for the health of a service."""

    def __init__(
        self,
        engine: Engine,
        nats: Client,
        stream: EventStream,
        parts: ProcessParts,
        verifier: MessageVerifier,
        *,
        prefix: str,
    ) -> None:
        self._engine, self._nats, self._stream = engine, nats, stream
        self._parts = parts
        self._verifier = verifier
        self._subject = f"{prefix}{QUESTION}"
        self._version = _version()
        self._started_at = utc_now()
        self._recent = Recent(self._look, seconds=SAME_SECONDS)

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
        return await self._recent.now()

    async def _look(self) -> ServiceHealth:
        service = self._engine.service
        connection = await self._engine.connect()
        try:
            lags = await reader_lags(service, connection, self._stream, self._engine.catalogue)
            relay = await relay_lag(service, connection, self._stream, estimated=True)
            oldest = self._aged(await oldest_transaction(service, connection))
            usage = await database_usage(connection)
        finally:
            await close(connection)
        timers = [
            TimerHealth(name=one.name, late_seconds=await one.late_seconds()) for one in self._parts.timers
        ]
        return ServiceHealth(
            service=service,
            relay_seconds=self._parts.relay.stalled_seconds,
            relay_error=await self._parts.relay.problem() or "",
            readers=tuple(map(_reader, lags)),
            version=self._version,
            process=f"{socket.gethostname()} {os.getpid()}",
            started_at=self._started_at,
            questions_waiting=self._parts.questions_waiting(),
            relay=_relay(relay),
            database=_database(usage, oldest),
            timers=tuple(timers),
            rebuilds=tuple(self._parts.rebuilds.known),
            problems=tuple(_problems(relay, lags, oldest, timers)),
        )

    def _aged(self, oldest: OldestTransaction) -> OldestTransaction:
        """Return the oldest transaction with its age as measured here, if it is of a role that hides it."""
        if oldest.holder is None or oldest.open_seconds is not None:
            return oldest
        return replace(oldest, open_seconds=self._parts.relay.oldest_transaction.seconds)

    async def _answer(self, question: Msg) -> None:
        if self._verifier.refusal(self._subject, question.headers, question.data) is not None:
            return
        try:
            await question.respond((await self.now()).model_dump_json().encode())
        except _NO_ANSWER as error:
            log.warning("health.not_answered", error=repr(error))


def _version() -> str:
    try:
        return version(APPLICATION)
    except PackageNotFoundError:
        return ""


def _problems(
    relay: RelayLag, readers: Sequence[ReaderLag], oldest: OldestTransaction, timers: Sequence[TimerHealth]
) -> list[str]:
    of_readers = [problem for reader in readers for problem in reader_problems(reader, ALLOWED_SECONDS)]
    of_timers = [
        problem
        for one in timers
        for problem in timer_problems(relay.service, one.name, one.late_seconds, ALLOWED_SECONDS)
    ]
    of_database = database_problems(oldest, ALLOWED_SECONDS)
    return [*relay_problems(relay, ALLOWED_SECONDS), *of_readers, *of_database, *of_timers]


def _reader(lag: ReaderLag) -> ReaderHealth:
    return ReaderHealth(
        name=lag.name,
        waiting=lag.waiting,
        oldest_seconds=lag.oldest_seconds,
        dead_letters=lag.dead_letters,
        active=lag.active,
    )


def _relay(lag: RelayLag) -> RelayHealth:
    return RelayHealth(
        active=lag.active, stored=lag.stored, behind=lag.behind, oldest_seconds=lag.oldest_seconds
    )


def _database(usage: DatabaseUsage, oldest: OldestTransaction) -> DatabaseHealth:
    return DatabaseHealth(
        bytes=usage.bytes,
        connections=usage.connections,
        open_seconds=oldest.open_seconds,
        holder=oldest.holder,
    )
