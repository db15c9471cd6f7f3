"""The time from a due cycle to its first send, by a worker with and without an open connection."""

import asyncio
import base64
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from adrelay.system import service_process, worker
from bench.forwarding import API_HASH, API_ID, SOURCE, store_session, telegram_sandbox
from bench.growth.processes import connected
from bench.growth.system import System
from bench.measure import Line
from bench.scheduling import Late, adbot_with, know
from bench.servers import Servers
from libs.events.values import ApplicationId, ChannelPost, Seat, SessionId
from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.values import utc_now
from sandbox.telegram.client import TelegramSandboxControl
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import AccountSpec, ChannelSpec, GroupSpec, PostSpec, WorldSpec
from services.forwarder.schema import make_tables
from services.forwarder.settings import decode_keys
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.store import TelegramApplication, Vault
from services.scheduler.schedule.adbot import Adbot
from services.scheduler.schedule.commands import SetAdvertisement, Start
from services.scheduler.schedule.domain import SCHEDULE

OFTEN, RARELY = 10, 40
"""Intervals in seconds: a connection without work lasts for a lease, 15 s."""
ADBOTS = 20
"""The adbots of each interval."""
GROUPS = 3
SECONDS = 80.0
_POST = ChannelPost(channel=f"@{SOURCE}", message=1)
_SENDS = "messages.forwardMessages"
_DUE = """
select (data::jsonb ->> 'due_at')::timestamptz as due_at, at, data::jsonb ->> 'adbot' as adbot,
       data::jsonb ->> 'cycle' as cycle
from engine.events where type = 'CycleDue' and at between $1 and $2 order by at
"""

_BEGUN = "select data::jsonb ->> 'cycle' as cycle, at from engine.events where type = 'CycleStarted'"


@dataclass(frozen=True)
class Running:
    """A running adbot with one seat, and the first of its groups."""

    adbot: Adbot
    account: int
    first_chat: int

    @property
    def chats(self) -> range:
        """The chats of its groups."""
        return range(self.first_chat, self.first_chat + GROUPS)

    @property
    def seat(self) -> Seat:
        """Its only seat."""
        return self.adbot.seats[0]


@dataclass
class SystemWith(System):
    """The servers, with more settings."""

    more: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def environment(self) -> dict[str, str]:
        """The settings of services and tools."""
        return {**super().environment, **self.more}


async def first_sends(servers: Servers) -> list[Line]:
    """Measure scheduler, forwarder and one worker as processes of their own."""
    intervals = [OFTEN] * ADBOTS + [RARELY] * ADBOTS
    application = ApplicationId(uuid4())
    adbots = [_running(number, interval, application) for number, interval in enumerate(intervals)]
    keys = base64.b64encode(secrets.token_bytes(32)).decode()
    with tempfile.TemporaryDirectory(prefix="adrelay-bench-", ignore_cleanup_errors=True) as folder:
        async with telegram_sandbox() as telegram:
            await telegram.load(_world(adbots))
            endpoint = await telegram.endpoint()
            settings = {
                "ADRELAY_FORWARDER_VAULT_KEYS": keys,
                "ADRELAY_FORWARDER_TELEGRAM_HOST": endpoint.host,
                "ADRELAY_FORWARDER_TELEGRAM_PORT": str(endpoint.port),
                "ADRELAY_FORWARDER_TELEGRAM_DC": str(endpoint.dc_id),
                "ADRELAY_SCHEDULER_DELAY_SECONDS": "0.2",
                "ADRELAY_SCHEDULER_JITTER_SECONDS": "0.1",
            }
            system = SystemWith(Path(folder), servers.postgres, servers.nats, more=settings)
            async with system.engine("forwarder") as engine:
                await make_tables(engine)
                vault = Vault(Cipher(decode_keys(SecretStr(keys))))
                await _stock(engine, vault, telegram, adbots)
            async with system.engine("scheduler") as engine:
                await know(engine, [one.adbot for one in adbots])
                await _start(engine, adbots)
            return await _measure(system, telegram, adbots)


def _running(number: int, interval: int, application: ApplicationId) -> Running:
    seat = Seat(session=SessionId(uuid4()), pair=application)
    return Running(adbot_with(seat, interval), 1000 + number, 80_000_000 + GROUPS * number)


def _world(adbots: Sequence[Running]) -> WorldSpec:
    return WorldSpec(
        accounts=[AccountSpec(id=one.account) for one in adbots],
        channels=[ChannelSpec(username=SOURCE, posts=[PostSpec(text="the post")])],
        groups=[
            GroupSpec(id=chat, username=f"group_{chat}", members=[one.account])
            for one in adbots
            for chat in one.chats
        ],
    )


async def _stock(
    engine: Engine, vault: Vault, telegram: TelegramSandboxControl, adbots: Sequence[Running]
) -> None:
    application, pair = TelegramApplication(API_ID, API_HASH), adbots[0].seat.pair
    await engine.query(lambda sql: vault.put_application(sql, pair, application))
    for one in adbots:
        await store_session(engine, vault, pair, one.seat.session, one.account, telegram)


async def _start(engine: Engine, adbots: Sequence[Running]) -> None:
    """Start the adbots, those of an interval evenly spread over it."""
    now = utc_now()

    async def work(unit: UnitOfWork) -> None:
        for number, one in enumerate(adbots):
            adbot = one.adbot
            at = now + timedelta(seconds=adbot.interval_seconds * (number % ADBOTS) / ADBOTS)
            groups = tuple(f"@group_{chat}" for chat in one.chats)
            await unit.execute(SCHEDULE, adbot.adbot, SetAdvertisement(adbot, None, _POST, groups, at))
            await unit.execute(SCHEDULE, adbot.adbot, Start(adbot, None, at))

    await engine.run(work, Causes.first("bench"))


async def _measure(
    system: SystemWith, telegram: TelegramSandboxControl, adbots: Sequence[Running]
) -> list[Line]:
    processes = [
        service_process("scheduler"),
        service_process("forwarder"),
        worker("worker"),
    ]
    by_id = {str(one.adbot.adbot): one for one in adbots}
    async with system.running(processes):
        await asyncio.sleep(RARELY + 5)  # the first cycles resolve all names
        begin = utc_now()
        await asyncio.sleep(SECONDS)
        end = utc_now() - timedelta(seconds=5)
    entries = await telegram.journal(JournalQuery(method=_SENDS, outcome="ok", limit=100_000))
    async with connected(system, "scheduler") as store, connected(system, "forwarder") as forwarder:
        due = await store.fetch(_DUE, begin, end)
        begun = {row["cycle"]: row["at"] for row in await forwarder.fetch(_BEGUN)}
    sent: dict[int, list[datetime]] = {}
    for entry in entries:
        sent.setdefault(entry.chat or 0, []).append(entry.at)
    lines: list[Line] = []
    for interval, what in (OFTEN, "kept"), (RARELY, "opened"):
        rows = [row for row in due if by_id[row["adbot"]].adbot.interval_seconds == interval]
        first = [
            min(at for chat in by_id[row["adbot"]].chats for at in sent[chat] if at > row["due_at"])
            for row in rows
        ]
        for part, ends in (
            ("raised", [row["at"] for row in rows]),
            ("begun by the forwarder", [begun[row["cycle"]] for row in rows]),
            ("first send answered", first),
        ):
            late = [(end - row["due_at"]).total_seconds() for end, row in zip(ends, rows, strict=True)]
            target = 0.1 if ends is first else None
            lines.append(Late(f"due until {part}, connection {what}", late, target))
    return lines
