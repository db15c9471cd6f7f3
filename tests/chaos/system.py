"""The local system with a proxy on every connection, and disks that can be filled."""

import asyncio
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

from adrelay.system import SERVICES
from tests.chaos.disk import CannotMount, SmallDisk
from tests.chaos.proxy import Proxy
from tests.support.system import ForkedSystem

LEASE_SECONDS = 4.0
SETTINGS = {
    "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.3",
    "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.2",
    "ADRELAY_GATEWAY_CHECKOUTS_PER_MINUTE": "100000",
    "ADRELAY_GATEWAY_CHECKOUTS_PER_HOUR": "100000",
    "ADRELAY_GATEWAY_WRITES_PER_MINUTE": "100000",
    "ADRELAY_GATEWAY_WRITES_PER_DAY": "100000",
    "ADRELAY_GATEWAY_SIGN_INS_PER_MINUTE": "100000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE": "1000000",
    "ADRELAY_GATEWAY_READS_PER_MINUTE_PER_ADDRESS": "1000000",
    "ADRELAY_FORWARDER_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
    "ADRELAY_FORWARDER_REQUEST_SECONDS": "5",
    "ADRELAY_FORWARDER_CONNECT_SECONDS": "5",
    "ADRELAY_FORWARDER_BACKOFF_SECONDS": "0.3",
    "ADRELAY_FORWARDER_MAX_BACKOFF_SECONDS": "3",
    "ADRELAY_FORWARDER_BATCH_SECONDS": "1",
    "ADRELAY_FORWARDER_RESOLVES_PER_MINUTE": "1000",
    "ADRELAY_FORWARDER_RESOLVES_PER_DAY": "100000",
    "ADRELAY_FORWARDER_DAILY_SENDS": "1000000",
    "ADRELAY_FORWARDER_DAILY_SENDS_BY_AGE": "",
    "ADRELAY_BILLING_PROVIDER_TIMEOUT_SECONDS": "4",
    "ADRELAY_BILLING_UNPAID_SESSIONS_PER_ADDRESS": "100000",
    "ADRELAY_BILLING_UNPAID_SHARE": "1",
}
CATALOGUE = "".join(
    f'[[plan]]\ncode = "{code}"\nname = "{code.title()}"\nkind = "starter"\nsessions = {sessions}\n'
    f"interval_seconds = {interval}\nprice_usd = 30\nvalidity_days = 30\n\n"
    for code, sessions, interval in (("solo", 1, 5), ("duo", 2, 6), ("trio", 3, 7))
)
PLANS = {"solo": 1, "duo": 2, "trio": 3}
"""The seats of each plan."""
DISK_BYTES = {"postgres": 1536 * 1024 * 1024, "nats": 192 * 1024 * 1024}


class ChaosSystem(ForkedSystem):
    """All of Adrelay, with a proxy between every service and every server."""

    def __init__(
        self,
        folder: Path,
        *,
        workers: int = 3,
        together: bool = False,
        disks: bool = True,
        python: Sequence[str] | None = None,
        settings: Mapping[str, str] | None = None,
        catalogue: str = CATALOGUE,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "catalogue.toml"
        file.write_text(catalogue)
        super().__init__(
            folder,
            workers=workers,
            together=together,
            settings={**SETTINGS, **(settings or {}), "ADRELAY_BILLING_CATALOGUE_FILE": str(file)},
            python=python,
        )
        self.disks: dict[str, SmallDisk] = {}
        """The disks of the servers whose data is on a small disk."""
        self.no_disks = "" if disks else "small disks were not requested"
        """The reason, if there are none."""
        self.proxies: dict[str, Proxy] = {}
        """By `<service>-<server>`."""
        for service in SERVICES:
            self._proxy(f"{service}-postgres", lambda: self.postgres.port)
            self._proxy(f"{service}-nats", lambda: self.nats.port)
        self._proxy("forwarder-telegram", lambda: self._telegram_port)

    @property
    def nats_data(self) -> Path:
        """The folder of NATS's streams."""
        return self.folder / "nats" / "jetstream"

    def _proxy(self, name: str, target: Callable[[], int]) -> None:
        self.proxies[name] = Proxy(name, target)

    async def __aenter__(self) -> Self:
        for proxy in self.proxies.values():
            await proxy.start()
        try:
            if not self.no_disks:
                self._mount()
            return await super().__aenter__()
        except BaseException:
            await self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await super().__aexit__(kind, error, trace)
        finally:
            await self._leave()

    async def _leave(self) -> None:
        for proxy in self.proxies.values():
            await proxy.stop()
        for server, disk in self.disks.items():
            with suppress(OSError):  # the log is needed after the disk is unmounted
                shutil.copy(disk.folder / f"{server}.log", self.folder / "logs")
            await asyncio.to_thread(disk.unmount)
        self.disks.clear()

    def _mount(self) -> None:
        """Mount a small disk for each server; where that is not allowed, record the reason."""
        for server, size in DISK_BYTES.items():
            disk = SmallDisk(self.folder / server, size)
            try:
                disk.mount()
            except CannotMount as reason:
                self.no_disks = str(reason)
                return
            self.disks[server] = disk

    async def environment(self) -> dict[str, str]:
        """Connect every service to every server through a proxy of its own."""
        variables = await super().environment()
        for service in SERVICES:
            for server in ("postgres", "nats"):
                name = f"ADRELAY_{server.upper()}_URL"
                own = f"ADRELAY_{service.upper()}_{server.upper()}_URL"
                url = variables.get(own) or variables[name]
                variables[own] = _through(url, self.proxies[f"{service}-{server}"])
        variables["ADRELAY_FORWARDER_TELEGRAM_PORT"] = str(self.proxies["forwarder-telegram"].port)
        return variables

    async def fill(self, server: str, seconds: float) -> int:
        """Fill a server's disk for a time; return the number of bytes."""
        disk = self.disks[server]
        try:
            filled = await asyncio.to_thread(disk.fill)
            await asyncio.sleep(seconds)
        finally:
            disk.free()
        return filled


def _through(url: str, proxy: Proxy) -> str:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))
