"""Sessions without work: the memory and processor time of a worker, beside connected Telethon clients."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

import asyncio
import base64
import secrets
import sys
import tempfile
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import SecretStr
from telethon import TelegramClient
from telethon.sessions import StringSession

from adrelay.system import worker
from bench.first_sends import SystemWith
from bench.forwarding import (
    API_HASH,
    API_ID,
    Adbot,
    adbots_with,
    import_sessions,
    run_cycle,
    telegram_sandbox,
    world_of,
)
from bench.growth.processes import connected
from bench.growth.system import memory
from bench.measure import Line
from bench.servers import Servers
from bench.shop import cpu_seconds
from libs.events.values import ApplicationId
from sandbox.telegram.client import TelegramSandboxControl
from services.forwarder.schema import make_tables
from services.forwarder.settings import decode_keys
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.store import Vault

ADBOTS, SEATS = 400, 5
SECONDS = 60.0
_SETTLED_SECONDS = 20.0
"""Connections without work end with their lease, 15 s."""
_TOGETHER = 100
_HELD = "select count(*) from pool.seats where until > clock_timestamp()"


@dataclass(frozen=True)
class Rest:
    """What a process with idle sessions needs: processor time in seconds a minute, and bytes of memory."""

    cpu: float
    resident: int


@dataclass(frozen=True)
class Comparison:
    """A need of a worker beside that of bare clients."""

    what: str
    ours: float
    bare: float
    unit: str
    at_most: float = 2.0

    def cells(self) -> list[str]:
        """Return the row of the table."""
        met = "yes" if self.ours <= self.at_most * self.bare else "NO"
        figures = [f"{one:,.1f} {self.unit}" for one in (self.ours, self.bare)]
        ratio = f"{self.ours / self.bare:.1f} x bare clients"
        return [self.what, ratio, "-", f"< {self.at_most:g} x", met, *figures, "-"]


async def idle_sessions(servers: Servers) -> list[Line]:
    """Measure a worker that holds the leases of sessions which sent a moment ago, and have no work."""
    adbots = adbots_with(ADBOTS, SEATS, SEATS)
    async with telegram_sandbox() as telegram:
        await telegram.load(world_of(adbots))
        bare = await _bare(telegram, adbots)
        ours = await _worker(servers, telegram, adbots)
    count = ADBOTS * SEATS
    return [
        Comparison(f"memory, {count:,} idle sessions", ours.resident / 2**20, bare.resident / 2**20, "MiB"),
        Comparison(f"processor a minute, {count:,} idle sessions", ours.cpu, bare.cpu, "s"),
    ]


async def _bare(telegram: TelegramSandboxControl, adbots: Sequence[Adbot]) -> Rest:
    accounts = [account for adbot in adbots for account in adbot.accounts.values()]
    sessions = [await telegram.mint_session(account) for account in accounts]
    command = (sys.executable, "-m", "bench.idle_sessions")
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write("\n".join([*sessions, "", ""]).encode())
        await process.stdin.drain()
        assert await process.stdout.readline() == b"connected\n"
        return await _at_rest(process.pid)
    finally:
        process.terminate()
        await process.wait()


async def _worker(servers: Servers, telegram: TelegramSandboxControl, adbots: Sequence[Adbot]) -> Rest:
    endpoint = await telegram.endpoint()
    keys, pair = base64.b64encode(secrets.token_bytes(32)).decode(), ApplicationId(uuid4())
    settings = {
        "ADRELAY_FORWARDER_VAULT_KEYS": keys,
        "ADRELAY_FORWARDER_TELEGRAM_HOST": endpoint.host,
        "ADRELAY_FORWARDER_TELEGRAM_PORT": str(endpoint.port),
        "ADRELAY_FORWARDER_TELEGRAM_DC": str(endpoint.dc_id),
        "ADRELAY_FORWARDER_IDLE_SECONDS": "3600",
        "ADRELAY_FORWARDER_MAX_SESSIONS": str(ADBOTS * SEATS),
    }
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        system = SystemWith(Path(folder), servers.postgres, servers.nats, more=settings)
        async with system.engine("forwarder") as engine:
            await make_tables(engine)
            vault = Vault(Cipher(decode_keys(SecretStr(keys))))
            await import_sessions(engine, vault, pair, telegram, adbots)
            async with (
                system.running([worker("worker")]) as (_, (process,)),
                connected(system, "forwarder") as store,
            ):
                await run_cycle(engine, pair, adbots)
                await asyncio.sleep(_SETTLED_SECONDS)
                held = await store.fetchval(_HELD)
                assert held == ADBOTS * SEATS, f"{held} sessions are leased"
                assert process.pid is not None
                return await _at_rest(process.pid)


async def _at_rest(pid: int) -> Rest:
    before = cpu_seconds(pid)
    await asyncio.sleep(SECONDS)
    return Rest((cpu_seconds(pid) - before) * 60 / SECONDS, memory(pid).resident)


async def _stay_connected(sessions: Sequence[str]) -> None:
    clients: list[Any] = []
    for start in range(0, len(sessions), _TOGETHER):
        some: list[Any] = [
            TelegramClient(StringSession(one), API_ID, API_HASH, receive_updates=False)
            for one in sessions[start : start + _TOGETHER]
        ]
        await asyncio.gather(*(one.connect() for one in some))
        clients += some
    print("connected", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_stay_connected(list(iter(lambda: sys.stdin.readline().strip(), ""))))
