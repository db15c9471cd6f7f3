"""Forwards by one worker with recorded outcomes, compared with bare Telethon clients on the same server."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 - requests and answers are TL objects

import asyncio
import base64
import json
import random
import secrets
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from telethon import TelegramClient
from telethon.sessions import StringSession
from telethon.tl import functions, types

from bench.measure import Line, Measure
from bench.servers import Servers
from bench.shop import children, cpu_seconds
from libs.chassis.signing import MessageSigner
from libs.events.catalogue import published
from libs.events.values import AdbotId, ApplicationId, ChannelPost, CycleId, GroupRef, Pacing, Seat, SessionId
from libs.eventsourcing import Causes, Engine, UnitOfWork
from sandbox.telegram.client import TelegramSandboxControl
from sandbox.telegram.specs import AccountSpec, ChannelSpec, GroupSpec, PostSpec, WorldSpec
from services.forwarder.adapters.telegram.messenger import TelethonTelegram
from services.forwarder.client.commands import Import
from services.forwarder.client.domain import CLIENT
from services.forwarder.cycle.commands import Begin
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.sharing import Seating
from services.forwarder.pool.pool import Pool
from services.forwarder.registry import REGISTRY
from services.forwarder.schema import make_tables
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.accounts import VaultAccounts
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.sessions import read_string
from services.forwarder.vault.store import TelegramApplication, Vault

ADBOTS, SEATS, GROUPS = 10, 5, 200
"""Seats and groups are each adbot's."""
CYCLES = 2
SENDS = ADBOTS * GROUPS * CYCLES
_PACING = Pacing(delay_seconds=0.0)
SOURCE = "newsroom"
_POST = ChannelPost(channel=f"@{SOURCE}", message=1)
API_ID, API_HASH = 4711, "0123456789abcdef" * 2
_PENDING = "select count(*) from cycles"
_READY_SECONDS = 30.0


@dataclass(frozen=True)
class Adbot:
    """An adbot with its groups and the accounts of its seats."""

    id: AdbotId
    accounts: dict[SessionId, int]
    groups: tuple[GroupRef, ...]


@dataclass(frozen=True)
class Run:
    """A number of forwards, their duration, and the processor time of their process and of PostgreSQL."""

    forwards: int
    seconds: float
    own: float
    postgres: float = 0.0

    @property
    def rate(self) -> float:
        """Forwards a second."""
        return self.forwards / self.seconds

    @property
    def own_milliseconds(self) -> float:
        """Processor time of the forwarding process for one forward."""
        return 1000 * self.own / self.forwards


@dataclass(frozen=True)
class Cost:
    """Processor time of one forward in milliseconds, compared with that of a limit."""

    what: str
    ours: float
    limit: float
    target: float | None = None

    def cells(self) -> list[str]:
        """Return the row of the table."""
        met = "-" if self.target is None else "yes" if self.ours <= self.target else "NO"
        ratio = f"{self.ours / self.limit:.1f} x bare clients" if self.limit else "-"
        limit = f"{self.limit:.2f} ms" if self.limit else "-"
        wanted = "-" if self.target is None else f"< {self.target:g} ms"
        return [self.what, ratio, "-", wanted, met, f"{self.ours:.2f} ms", limit, "-"]


async def forwarding(servers: Servers) -> list[Line]:
    """Measure one worker with fifty sessions, which have resolved all names in an earlier cycle."""
    async with telegram_sandbox() as telegram:
        adbots = adbots_with(ADBOTS, SEATS, GROUPS)
        await telegram.load(world_of(adbots))
        limit = await _bare(telegram, adbots)
        ours = await _pool(servers, telegram, adbots)
    return [
        Measure("forwards, 50 sessions", ours.rate, limit.rate, "bare Telethon clients", target=0.9),
        Cost("worker, a forward", ours.own_milliseconds, limit.own_milliseconds, target=0.6),
        Cost("PostgreSQL, a forward", 1000 * ours.postgres / ours.forwards, 0.0),
    ]


# -- the server and its world


@asynccontextmanager
async def telegram_sandbox() -> AsyncGenerator[TelegramSandboxControl]:
    """Run a Telegram sandbox in a process of its own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox.telegram", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_READY_SECONDS):
            address = json.loads(await process.stdout.readline())
        async with TelegramSandboxControl(address["control_url"]) as control:
            yield control
    finally:
        process.terminate()
        await process.wait()


def adbots_with(count: int, seats: int, groups: int) -> list[Adbot]:
    """Return adbots with so many seats and groups each."""
    return [
        Adbot(
            AdbotId(uuid4()),
            {SessionId(uuid4()): 1000 + seats * number + seat for seat in range(seats)},
            tuple(f"@group_{number}_{group}" for group in range(groups)),
        )
        for number in range(count)
    ]


def world_of(adbots: Sequence[Adbot]) -> WorldSpec:
    """Return a world with the accounts of adbots, which are members of all their groups, and a post."""
    return WorldSpec(
        accounts=[AccountSpec(id=account) for adbot in adbots for account in adbot.accounts.values()],
        channels=[ChannelSpec(username=SOURCE, posts=[PostSpec(text="the post")])],
        groups=[
            GroupSpec(username=group[1:], members=list(adbot.accounts.values()))
            for adbot in adbots
            for group in adbot.groups
        ],
    )


# -- the limit


async def _bare(telegram: TelegramSandboxControl, adbots: Sequence[Adbot]) -> Run:
    """Forward the same number by Telethon alone, one after the other in each session."""
    clients: list[tuple[Any, Any, list[Any]]] = []
    for adbot in adbots:
        for number, account in enumerate(adbot.accounts.values()):
            client: Any = TelegramClient(
                StringSession(await telegram.mint_session(account)), API_ID, API_HASH, receive_updates=False
            )
            await client.connect()
            source = await _input(client, SOURCE)
            targets = [await _input(client, group[1:]) for group in adbot.groups[number::SEATS]]
            clients.append((client, source, targets))
    begin, used = time.perf_counter(), time.process_time()
    await asyncio.gather(*(_forward(*one) for one in clients))
    run = Run(SENDS, time.perf_counter() - begin, time.process_time() - used)
    for client, _, _ in clients:
        await client.disconnect()
    return run


async def _input(client: Any, name: str) -> Any:
    (chat,) = (await client(functions.contacts.ResolveUsernameRequest(name))).chats
    return types.InputPeerChannel(chat.id, chat.access_hash)


async def _forward(client: Any, source: Any, targets: Sequence[Any]) -> None:
    for target in [*targets] * CYCLES:
        await client(
            functions.messages.ForwardMessagesRequest(
                from_peer=source, id=[1], to_peer=target, random_id=[random.getrandbits(63)]
            )
        )


# -- ours


async def _pool(servers: Servers, telegram: TelegramSandboxControl, adbots: Sequence[Adbot]) -> Run:
    endpoint = await telegram.endpoint()
    settings = ForwarderSettings.model_validate(
        {
            "postgres_url": "postgresql://unused",
            "nats_url": servers.nats.url,
            "command_public_key": MessageSigner.generate().public_key,
            "vault_keys": base64.b64encode(secrets.token_bytes(32)).decode(),
            "telegram_host": endpoint.host,
            "telegram_port": endpoint.port,
            "telegram_dc": endpoint.dc_id,
            "resolves_per_minute": 1000,
            "resolves_per_day": 100_000,
            "daily_sends": 1_000_000,
            "daily_sends_by_age": "",
        }
    )
    async with servers.engine(
        service="forwarder",
        catalogue=published(),
        state_tables=tuple(REGISTRY.state_tables),
        read_models=tuple(REGISTRY.read_models),
        size=10,
    ) as engine:
        await make_tables(engine)
        vault, pair = Vault(Cipher(decode_keys(settings.vault_keys))), ApplicationId(uuid4())
        await import_sessions(engine, vault, pair, telegram, adbots)
        pool = Pool(engine, VaultAccounts(engine, vault, TelethonTelegram(settings)), settings)
        working = asyncio.create_task(pool.run())
        try:
            await run_cycle(engine, pair, adbots)  # resolves all names
            with servers.profiled("forwards"):
                return await _measured(servers, engine, pair, adbots)
        finally:
            working.cancel()
            await asyncio.gather(working, return_exceptions=True)


async def _measured(servers: Servers, engine: Engine, pair: ApplicationId, adbots: Sequence[Adbot]) -> Run:
    begin, used, postgres = time.perf_counter(), time.process_time(), _postgres(servers)
    for _ in range(CYCLES):
        await run_cycle(engine, pair, adbots)
    seconds = time.perf_counter() - begin
    recorded = await engine.pool.fetchval(
        "select sum(jsonb_array_length(data -> 'deliveries')) from engine.events "
        "where type = 'DeliveriesRecorded' and data -> 'deliveries' @> '[{\"result\": \"SENT\"}]'"
    )
    assert recorded == ADBOTS * GROUPS * (CYCLES + 1), f"{recorded} deliveries are recorded"
    return Run(SENDS, seconds, time.process_time() - used, _postgres(servers) - postgres)


def _postgres(servers: Servers) -> float:
    """Return the CPU seconds of PostgreSQL's processes so far."""
    pid = servers.postgres.pid
    assert pid is not None
    return sum(cpu_seconds(one) for one in (pid, *children(pid)))


async def import_sessions(
    engine: Engine,
    vault: Vault,
    pair: ApplicationId,
    telegram: TelegramSandboxControl,
    adbots: Sequence[Adbot],
) -> None:
    """Store the sessions of adbots, with an application."""
    application = TelegramApplication(API_ID, API_HASH)
    await engine.query(lambda sql: vault.put_application(sql, pair, application))
    for adbot in adbots:
        for session, account in adbot.accounts.items():
            await store_session(engine, vault, pair, session, account, telegram)


async def store_session(
    engine: Engine,
    vault: Vault,
    pair: ApplicationId,
    session: SessionId,
    account: int,
    telegram: TelegramSandboxControl,
) -> None:
    """Store a session of an account, as if it had been uploaded."""
    secret = read_string(await telegram.mint_session(account))

    async def work(unit: UnitOfWork) -> None:
        await vault.put_session(unit.flushed, session, secret)
        await unit.execute(CLIENT, session, Import(session, account, "+49…42", pair, unit.at))

    await engine.run(work, Causes.first("bench"))


async def run_cycle(engine: Engine, pair: ApplicationId, adbots: Sequence[Adbot]) -> None:
    """Start a cycle of each adbot, and wait until all have ended."""
    for adbot in adbots:
        cycle = CycleId(uuid4())
        seats = tuple(Seat(session=session, pair=pair) for session in adbot.accounts)

        async def work(unit: UnitOfWork) -> None:
            begin = Begin(cycle, adbot.id, _POST, _PACING, adbot.groups, seats, Seating(), unit.at)  # noqa: B023
            await unit.execute(CYCLE, cycle, begin)  # noqa: B023

        await engine.run(work, Causes.first("bench"))
    while await engine.pool.fetchval(_PENDING):  # noqa: ASYNC110 - the database can't be awaited
        await asyncio.sleep(0.02)
