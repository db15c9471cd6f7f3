"""One service process: its connections, its loops, its start and its graceful stop."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Self, TypeVar

import structlog
from nats.errors import Error as NatsError
from prometheus_client import Gauge
from starlette.applications import Starlette

from libs import chassis
from libs.chassis.advice import described, stream_missing
from libs.chassis.broker import BrokerClient, NotPermitted, connect_nats, event_stream
from libs.chassis.commits import Announcements
from libs.chassis.connections import ConnectionLimits
from libs.chassis.database import ensure_database
from libs.chassis.health import Check, Door, HttpServer, add_health, metrics_app
from libs.chassis.health_answers import HealthAnswers, ProcessParts
from libs.chassis.names import APPLICATION
from libs.chassis.operations import answer_operators
from libs.chassis.operations.rebuilds import Rebuilds
from libs.chassis.questions import Answering
from libs.chassis.settings import ServiceSettings
from libs.chassis.store_metrics import STORE_METRICS, watch
from libs.chassis.verifying import MessageVerifier
from libs.events.catalogue import published
from libs.eventsourcing import (
    CommandHandlers,
    Engine,
    EventStream,
    Projection,
    Reactions,
    Reader,
    Registry,
    Relay,
)
from libs.eventsourcing.background import Timer, forget_commands, heed_cancellation, repeat
from libs.eventsourcing.errors import Transient

log = structlog.stdlib.get_logger()

FLUSH_SECONDS = 2.0
HTTP_STOP_SECONDS = 4.0
CANCEL_AGAIN_SECONDS = 2.0
LAG = Gauge("adrelay_reader_lag_events", "Events that wait behind a reader.", ["service", "reader"])
FOREIGN = Gauge(
    "adrelay_foreign_messages",
    "How often this process passed over a message on the stream that no relay of ours put there.",
    ["service"],
)
_LOOK_SECONDS = 1.0
_SERVERS = ("http", "metrics")
_START, _OUTDATED, _COMMITS = "start", "outdated tables", "commits"

Loop = Callable[[], Awaitable[None]]
ContextT = TypeVar("ContextT")


class Chassis:
    """The runtime of every service. Use as `async with`, register the service's parts, then call `run`."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        state_tables: Sequence[Projection] = (),
        read_models: Sequence[Projection] = (),
        read_everything: bool = False,
        app: Starlette | None = None,
        connections: ConnectionLimits | None = None,
    ) -> None:
        self.settings = settings
        self.verifier = MessageVerifier.of(settings.command_public_key)
        self._connections = connections
        self.engine = Engine(
            settings.service,
            settings.database_url,
            published(),
            state_tables=state_tables,
            read_models=read_models,
            application=APPLICATION,
        )
        self.nats: BrokerClient
        self.stream: EventStream
        self.relay: Relay
        self.read_models: Reader
        self.answering: Answering
        self.rebuilds: Rebuilds
        self._read_everything = read_everything
        self._app = app or Starlette()
        self._broker: chassis.NatsBroker | None = None
        self._http: HttpServer | None = None
        self._metrics: HttpServer | None = None
        self._loops: dict[str, Loop] = {}
        self._timers: list[Timer] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._stop_listeners: list[Callable[[], None]] = []
        self._open = asyncio.Event()

    async def __aenter__(self) -> Self:
        """Connect to the database and the broker, waiting for them where they are down."""
        await ensure_database(self.settings.database_url)
        await self.engine.start(read_models=False)
        self.nats = await connect_nats(
            self.settings.nats_url.get_secret_value(), self.settings.service, self.settings.nats_tls
        )
        self.stream = event_stream(self.nats, prefix=self.settings.nats_prefix)
        await self._ensure_stream()
        self.relay = Relay(self.engine, self.stream, describe=described)
        self.task("relay", self.relay.run)
        announcements = Announcements(self.engine, self.relay, self.nats, prefix=self.settings.nats_prefix)
        self.task(_COMMITS, announcements.run)
        self.task("old commands", lambda: repeat("old commands", lambda: forget_commands(self.engine)))
        self.read_models = self._follow(
            Reader.of_read_models(self.engine, self.stream, everything=self._read_everything)
        )
        checks: dict[str, Check] = {"database": self._database, "broker": self._nats, "loops": self._alive}
        watched = watch(self.engine, self.relay, self.task)
        checks |= {"relay": watched.problem, "tables": self._tables}
        add_health(self._app, checks, metrics=not (self.settings.metrics_port or self.settings.public))
        self.answering = Answering(
            self.nats, self.settings.service, self.verifier, prefix=self.settings.nats_prefix
        )
        self.task("answers", self.answering.run)
        self.rebuilds = Rebuilds(self.engine.tables, self.stream)
        self.task("rebuilds", self.rebuilds.run)
        answers = HealthAnswers(
            self.engine,
            self.nats,
            self.stream,
            ProcessParts(watched, self.rebuilds, lambda: self.answering.waiting, self._timers),
            self.verifier,
            prefix=self.settings.nats_prefix,
        )
        self.task("health answers", answers.run)
        FOREIGN.labels(self.settings.service).set_function(lambda: self.stream.foreign)
        return self

    async def _ensure_stream(self) -> None:
        """Create the stream unless it exists; raise `OperatorNeeded` if only an operator may."""
        try:
            await self.stream.ensure()
        except NotPermitted as error:
            await self._stop()
            raise stream_missing(error, self.stream.name) from error
        except (NatsError, TimeoutError) as error:
            log.warning("stream.not_checked", error=repr(error))  # relay and readers try again

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel remaining tasks and close the connections."""
        await self._stop()

    def take_on(self, registry: Registry[ContextT], context: ContextT) -> None:
        """Run a service's command handlers, reactions and timers with this context."""
        if registry.commands.commands:
            self.serve(registry.commands.bind(context))
        if registry.reactions.events:
            self.read(reactions=registry.reactions.bind(context))
        for due in registry.timers.bind(context):
            self.tick(due.timer(self.engine))
        answer_operators(self.answering, self.engine, registry, self.rebuilds)

    def serve(self, handlers: CommandHandlers) -> None:
        """Serve these command handlers."""
        self._broker = chassis.answering_broker(
            self.settings.nats_url.get_secret_value(),
            service=self.settings.service,
            name=f"{self.settings.service}-commands",
            tls=self.settings.nats_tls,
        )
        chassis.subscribe(
            handlers, self._broker, self.engine, self.verifier, prefix=self.settings.nats_prefix
        )

    def read(
        self,
        *,
        reactions: Reactions | None = None,
        tables: Sequence[Projection] = (),
        name: str = "reactions",
        everything: bool = False,
    ) -> Reader:
        """Run a reader of this name."""
        return self._follow(
            Reader(
                name,
                self.engine,
                self.stream,
                tables=tables,
                reactions=reactions,
                everything=everything,
            )
        )

    def _follow(self, reader: Reader) -> Reader:
        if reader.events:
            LAG.labels(self.settings.service, reader.name).set_function(lambda: reader.lag)
            self.task(f"reader {reader.name}", reader.run)
        return reader

    def tick(self, timer: Timer) -> None:
        """Run a timer."""
        self._timers.append(timer)
        self.task(f"timer {timer.name}", timer.run)

    def task(self, name: str, loop: Loop) -> None:
        """Run a loop for the process's lifetime; if it ends, the process does."""
        if name in self._loops:
            message = f"there is already a loop called {name}"
            raise ValueError(message)
        self._loops[name] = loop

    def on_stop(self, listener: Callable[[], None]) -> None:
        """Call `listener` before the HTTP server stops, so that answers without an end can end."""
        self._stop_listeners.append(listener)

    def stop(self) -> None:
        """Make `run` return after a graceful stop."""
        self._stopping.set()

    async def run(self) -> None:
        """Run until cancelled, or `stop`, then stop gracefully; raise the exception that ended a loop."""
        heed_cancellation()
        door = Door(self._app, self._open)
        host, port = self.settings.http_host, self.settings.http_port
        self._http = HttpServer(door, host, port, self._connections)
        self._begin("http", self._http.serve)
        if self.settings.metrics_port:
            self._metrics = HttpServer(metrics_app(), self.settings.metrics_host, self.settings.metrics_port)
            self._begin("metrics", self._metrics.serve)
        self._begin("relay", self._loops["relay"])  # first: others may wait for this service's events
        self._begin(_COMMITS, self._loops[_COMMITS])
        self._begin(STORE_METRICS, self._loops[STORE_METRICS])  # they report if it does not
        self._begin(_START, self._start)
        self._begin(_OUTDATED, self.engine.until_outdated)
        stopping = asyncio.create_task(self._stopping.wait(), name="stop")
        try:
            while not stopping.done():
                done, _ = await asyncio.wait(
                    [stopping, *self._tasks.values()],
                    return_when=asyncio.FIRST_COMPLETED,
                    timeout=_LOOK_SECONDS if _START in self._tasks else None,  # it adds more
                )
                for ended in done - {stopping}:
                    ended.result()
                    if ended.get_name() != _START:
                        message = f"the loop {ended.get_name()} ended"
                        raise RuntimeError(message)
                    del self._tasks[_START]
        finally:
            stopping.cancel()
            await self._stop()

    def _begin(self, name: str, body: Loop) -> None:
        self._tasks[name] = asyncio.create_task(_run(body), name=name)

    async def _start(self) -> None:
        """Migrate read models, let their reader catch up, then start everything else."""
        await self.read_models.migrate()
        reading = f"reader {self.read_models.name}"
        if reading in self._loops:
            self._begin(reading, self._loops[reading])
            await self.read_models.complete()
        if self._broker is not None:
            await chassis.start_answering(self._broker)
        for name, body in self._loops.items():
            if name not in self._tasks:
                self._begin(name, body)
        self._open.set()
        log.info("service.started", loops=sorted(self._loops))

    async def _stop(self) -> None:
        """Stop taking work, finish what has begun, flush the relay, close."""
        for listener in self._stop_listeners:
            listener()
        for server in (self._http, self._metrics):
            if server is not None:
                server.end()
        serving = [self._tasks[name] for name in _SERVERS if name in self._tasks]
        if serving:  # pending requests may still wait for the readers
            await asyncio.wait(serving, timeout=HTTP_STOP_SECONDS)
        if self._broker is not None:
            await self._broker.stop()
            self._broker = None
        kept = {"relay", _COMMITS, *_SERVERS}
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
            async with asyncio.timeout(2):
                await self.engine.query(lambda sql: sql.fetchval("select 1"))
        except (Transient, TimeoutError) as error:
            return f"does not answer: {type(error.__cause__ or error).__name__}"
        return None

    async def _tables(self) -> str | None:
        return None if self._open.is_set() else "are being migrated"

    async def _nats(self) -> str | None:
        return None if self.nats.is_connected else "is not connected"

    async def _alive(self) -> str | None:
        ended = [name for name, task in self._tasks.items() if task.done()]
        return f"ended: {', '.join(ended)}" if ended else None


async def _run(body: Loop) -> None:
    await body()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    pending = set(tasks)
    while pending:  # once is not always enough, see `heed_cancellation`
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=CANCEL_AGAIN_SECONDS)
    for task in tasks:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.warning("service.loop_failed", loop=task.get_name(), error=repr(error))
