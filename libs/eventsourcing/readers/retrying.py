"""Retries dead letters, on request."""

import asyncpg
import structlog

from libs.eventsourcing.model.envelope import Envelope
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.readers.applying import Applying, EventFailed, blamed
from libs.eventsourcing.readers.dead_letters import DeadLetters, SourceStream
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.writing.transaction import Transaction

log = structlog.stdlib.get_logger()

_RETRIES_AT_ONCE = 100


class Retrying:
    """Retries the dead letters of one reader."""

    def __init__(self, name: str, applying: Applying, dead_letters: DeadLetters) -> None:
        self._name = name
        self._applying = applying
        self._dead_letters = dead_letters

    async def run(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Retry the blocked streams of which it was requested, a part of each."""
        for source_stream in await self._dead_letters.retry_requests(connection):
            for _ in range(_RETRIES_AT_ONCE):
                if not await self._retry_unit(connection, source_stream):
                    break

    async def _retry_unit(
        self, connection: "asyncpg.Connection[asyncpg.Record]", source_stream: SourceStream
    ) -> bool:
        """Handle the first unit of a stream's dead letters, up to the first event that fails again.

        Returns whether the next unit can be tried.
        """
        try:
            tried = await self._retry_dead_letters(connection, source_stream, MAX_UNIT_EVENTS)
        except EventFailed as poison:
            failed = poison
            while True:
                try:
                    await self._retry_dead_letters(
                        connection, source_stream, failed.number
                    )  # the events before it are committed
                    break
                except EventFailed as earlier:
                    failed = earlier
            await self._dead_letters.failed_again(connection, source_stream, failed.cursor, failed.error)
            kind = type(failed.error).__name__
            log.warning(
                "reader.dead_letter_again", reader=self._name, stream=source_stream.stream, error=kind
            )
            return False
        if not tried:
            self._dead_letters.unblock(source_stream)
            log.info("reader.unblocked", reader=self._name, stream=source_stream.stream)
        return tried

    async def _retry_dead_letters(
        self, connection: "asyncpg.Connection[asyncpg.Record]", source_stream: SourceStream, most: int
    ) -> bool:
        """Handle the first `most` events of a stream's first unit; return whether it had any."""
        unit: list[Envelope] = []

        async def work(transaction: Transaction) -> None:
            unit[:] = await self._dead_letters.first_unit(connection, source_stream)
            if not unit:
                await self._dead_letters.forget_request(connection, source_stream)
            for number, envelope in enumerate(unit[:most]):
                with blamed(number, envelope.cursor):
                    await self._applying.apply(transaction, Arrival(source_stream.source, 0, envelope))
                    await transaction.flush()
                await self._dead_letters.remove(connection, source_stream.source, envelope.cursor)

        await self._applying.transact(connection, work)
        return bool(unit)
