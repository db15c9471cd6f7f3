"""The servers and the processes of one size of history."""

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adrelay.configuration import fresh_secrets, settings_of
from adrelay.registries import registry_of
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.service import Service
from adrelay.system import SERVICES, Process, processes
from libs.chassis.broker import connect_nats, event_stream
from libs.events.catalogue import published
from libs.eventsourcing import Engine, EventStream

_CLOSED_PORT = "9"
_POLL_SECONDS = 0.025
_READY_SECONDS = 300.0
_STOP_SECONDS = 20.0
SETTLED_SECONDS = 4.0
"""How long after a process is ready its memory is read, in seconds."""


@dataclass(frozen=True)
class Memory:
    """A process's resident memory in bytes: at present, and the highest so far."""

    resident: int
    highest: int


@dataclass
class System:
    """PostgreSQL, NATS, and programs that use them; no program reaches anything beyond this machine."""

    folder: Path
    postgres: EmbeddedPostgres
    nats: EmbeddedNats
    secrets: Mapping[str, str] = field(default_factory=fresh_secrets)

    @property
    def databases(self) -> dict[str, str]:
        """The services' databases by name."""
        return {service: self.postgres.url(f"adrelay_{service}") for service in SERVICES}

    @property
    def environment(self) -> dict[str, str]:
        """The settings of services and tools."""
        nowhere = f"http://127.0.0.1:{_CLOSED_PORT}"
        return {
            **self.secrets,
            "ADRELAY_POSTGRES_URL": self.postgres.url(""),
            "ADRELAY_NATS_URL": self.nats.url,
            "ADRELAY_BILLING_PROVIDER_URL": nowhere,
            "ADRELAY_BILLING_API_KEY": secrets.token_urlsafe(24),
            "ADRELAY_BILLING_IPN_SECRET": secrets.token_urlsafe(24),
            "ADRELAY_BILLING_IPN_CALLBACK_URL": nowhere,
            "ADRELAY_BILLING_RECONCILE_CALLS_PER_MINUTE": "1",
            "ADRELAY_FORWARDER_TELEGRAM_HOST": "127.0.0.1",
            "ADRELAY_FORWARDER_TELEGRAM_PORT": _CLOSED_PORT,
        }

    @property
    def environment_of_tools(self) -> dict[str, str]:
        """The settings of tools, with the URL of each store, as `bench.bare` needs it."""
        urls = {f"ADRELAY_{name.upper()}_POSTGRES_URL": url for name, url in self.databases.items()}
        return {**urls, "ADRELAY_NATS_URL": self.nats.url, "ADRELAY_NATS_PREFIX": ""}

    @asynccontextmanager
    async def engine(self, service: str, *, size: int = 2) -> AsyncGenerator[Engine]:
        """Yield an engine of a service on its database, which is created where it is missing."""
        url, registry = await self.postgres.ensure_database(f"adrelay_{service}"), registry_of(service)
        engine = Engine(
            service, url, published(), state_tables=registry.state_tables, read_models=registry.read_models
        )
        await engine.start(pool_size=size)
        try:
            yield engine
        finally:
            await engine.stop()

    @asynccontextmanager
    async def stream(self) -> AsyncGenerator[EventStream]:
        """Yield the stream of the services."""
        nats = await connect_nats(self.nats.url, "bench")
        stream = event_stream(nats)
        await stream.ensure()
        try:
            yield stream
        finally:
            await nats.close()

    def processes(self) -> list[Process]:
        """Return the five services and a worker."""
        return processes(workers=1)

    @asynccontextmanager
    async def running(self, wanted: Sequence[Process]) -> AsyncGenerator[tuple[float, list[Service]]]:
        """Start processes at once; yield after how many seconds all were ready, and end them."""
        begin = time.perf_counter()
        environment = {**os.environ, **self.environment}
        logs = self.folder / "logs"
        started = [one.service(settings_of(one.ports, environment), logs) for one in wanted]
        try:
            for service in started:
                await service.start()
            async with asyncio.timeout(_READY_SECONDS):
                for service in started:
                    await _ready(service)
            yield time.perf_counter() - begin, started
        finally:
            await asyncio.gather(*(service.stop(_STOP_SECONDS) for service in started))


async def _ready(service: Service) -> None:
    while not await service.ready():
        if service.pid is None:
            raise RuntimeError(f"{service.name} has ended: {service.last_words()}")
        await asyncio.sleep(_POLL_SECONDS)


@asynccontextmanager
async def system(folder: Path, *, durable: bool) -> AsyncGenerator[System]:
    """Run the servers on the data in a folder."""
    postgres = EmbeddedPostgres(folder / "postgres", durable=durable)
    nats = EmbeddedNats(folder / "nats", durable=durable)
    await postgres.start()
    try:
        await nats.start()
        try:
            yield System(folder, postgres, nats)
        finally:
            await nats.stop(deadline_seconds=120)
    finally:
        await postgres.stop(deadline_seconds=300)


def memory(pid: int | None) -> Memory:
    """Return a process's memory."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    sizes = {line.partition(":")[0]: line.split()[1] for line in lines if line.startswith("Vm")}
    return Memory(1024 * int(sizes["VmRSS"]), 1024 * int(sizes["VmHWM"]))


def disk_bytes(folder: Path) -> int:
    """Return the space that the files below a folder take on the disk."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())
