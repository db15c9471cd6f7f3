"""One service process: its connections, its loops, its start and its graceful stop."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self

import asyncpg
import structlog
from fastapi import FastAPI
from faststream.nats import NatsBroker
from nats.aio.client import Client
from prometheus_client import Gauge

from libs.chassis.broker import RECONNECT_SECONDS, connect_nats
from libs.chassis.commands import CommandClient, CommandHandlers
from libs.chassis.database import ensure_database
from libs.chassis.health import HttpServer, add_health
from libs.chassis.settings import ServiceSettings
from libs.events.catalogue import published
from libs.eventsourcing.engine import READ_MODELS, Engine
from libs.eventsourcing.projection import Projection
from libs.eventsourcing.reactions import Reactions
from libs.eventsourcing.reader import Reader
from libs.eventsourcing.relay import Relay
from libs.eventsourcing.stream import EventStream
from libs.eventsourcing.timer import Timer

log = structlog.stdlib.get_logger()

FLUSH_SECONDS = 2.0
HTTP_STOP_SECONDS = 4.0
LAG = Gauge("adrelay_reader_lag_events", "Events that wait behind a reader.", ["service", "reader"])

Loop = Callable[[], Awaitable[None]]


class Chassis:
    """What every service stands on. Use as `async with`, hang the service's parts in, then `run`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        state_tables: Sequence[Projection] = (),
        read_models: Sequence[Projection] = (),
        read_everything: bool = False,
        app: FastAPI | None = None,
    ) -> None:
        self.settings = settings
        self.engine = Engine(
            settings.service,
            settings.database_url,
            published(),
            state_tables=state_tables,
            read_models=read_models,
        )
        self.nats: Client
        self.stream: EventStream
        self.commands: CommandClient
        self.relay: Relay
        self.read_models: Reader
        self._read_everything = read_everything
        self._app = app or FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        self._broker: NatsBroker | None = None
        self._http: HttpServer | None = None
        self._loops: dict[str, Loop] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Connect to the database and the broker, waiting for them where they are not up yet."""
        await ensure_database(self.settings.database_url)
        await self.engine.start()
        self.nats = await connect_nats(self.settings.nats_url.get_secret_value(), self.settings.service)
        prefix = self.settings.nats_prefix
        self.stream = EventStream(self.nats, prefix=prefix)
        self.commands = CommandClient(self.nats, prefix=prefix)
        self.relay = Relay(self.engine, self.stream)
        self.task("relay", self.relay.run)
        self.read_models = self._reader(
            READ_MODELS, tables=self.engine.read_models, everything=self._read_everything
        )
        add_health(self._app, {"database": self._database, "broker": self._nats, "loops": self._alive})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what still runs and close the connections."""
        await self._stop()

    def serve(self, handlers: CommandHandlers) -> None:
        """Hear these commands."""
        self._broker = NatsBroker(
            self.settings.nats_url.get_secret_value(),
            logger=None,
            name=f"{self.settings.service}-commands",
            reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # seconds, may be a fraction
            max_reconnect_attempts=-1,
            graceful_timeout=5.0,
        )
        handlers.subscribe(self._broker, self.engine, prefix=self.settings.nats_prefix)

    def read(
        self,
        *,
        reactions: Reactions | None = None,
        tables: Sequence[Projection] = (),
        name: str = "reactions",
        everything: bool = False,
    ) -> Reader:
        """Have a reader of this name follow the stream."""
        return self._reader(name, tables=tables, reactions=reactions, everything=everything)

    def _reader(
        self,
        name: str,
        *,
        tables: Sequence[Projection],
        reactions: Reactions | None = None,
        everything: bool,
    ) -> Reader:
        reader = Reader(
            name, self.engine, self.stream, tables=tables, reactions=reactions, everything=everything
        )
        if reader.events:
            LAG.labels(self.settings.service, name).set_function(lambda: reader.lag)
            self.task(f"reader {name}", reader.run)
        return reader

    def tick(self, timer: Timer) -> None:
        """Have a timer take what is due."""
        self.task(f"timer {timer.name}", timer.run)

    def task(self, name: str, loop: Loop) -> None:
        """Run a loop for as long as the process lives; should it end, the process does."""
        if name in self._loops:
            message = f"there is already a loop called {name}"
            raise ValueError(message)
        self._loops[name] = loop

    def stop(self) -> None:
        """Have `run` return after a graceful stop."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until SIGTERM, SIGINT or `stop`; raise what ended a loop before its time."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, self.stop)
        if self._broker is not None:
            await self._broker.start()
        self._tasks = {name: asyncio.create_task(_run(body), name=name) for name, body in self._loops.items()}
        self._http = HttpServer(self._app, self.settings.http_host, self.settings.http_port)
        self._tasks["http"] = asyncio.create_task(self._http.serve(), name="http")
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        log.info("service.started", loops=sorted(self._tasks))
        try:
            done, _ = await asyncio.wait(
                [stopping, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED
            )
            for ended in done - {stopping}:
                ended.result()
                message = f"the loop {ended.get_name()} ended"
                raise RuntimeError(message)
        finally:
            stopping.cancel()
            await self._stop()

    async def _stop(self) -> None:
        """Stop taking, finish, flush the relay, close."""
        if self._http is not None:
            self._http.should_exit = True
            if "http" in self._tasks:  # requests under way may still wait for the readers
                await asyncio.wait([self._tasks["http"]], timeout=HTTP_STOP_SECONDS)
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None
        kept = {"relay", "http"}
        await _cancel([task for name, task in self._tasks.items() if name not in kept])
        if "relay" in self._tasks and not self._tasks["relay"].done():
            await self._flush()
        await _cancel([self._tasks[name] for name in kept & self._tasks.keys()])
        self._tasks = {}
        if hasattr(self, "nats"):
            with suppress(Exception):
                await asyncio.wait_for(self.nats.close(), 2)
        await self.engine.stop()

    async def _flush(self) -> None:
        deadline = time.monotonic() + FLUSH_SECONDS
        while self.relay.behind and time.monotonic() < deadline:  # noqa: ASYNC110 - a bounded wait at the end
            await asyncio.sleep(0.01)

    async def _database(self) -> str | None:
        try:
            await asyncio.wait_for(self.engine.pool.fetchval("select 1"), 2)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            return f"does not answer: {type(error).__name__}"
        return None

    async def _nats(self) -> str | None:
        return None if self.nats.is_connected else "is not connected"

    async def _alive(self) -> str | None:
        ended = [name for name, task in self._tasks.items() if task.done()]
        return f"ended: {', '.join(ended)}" if ended else None


async def _run(body: Loop) -> None:
    await body()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    for outcome in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(outcome, Exception):
            log.warning("service.loop_failed", error=repr(outcome))
