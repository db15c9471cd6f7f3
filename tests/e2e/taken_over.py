"""Starts this program on the data of an older one, which was stopped in the middle of its work."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import nats
from pydantic import SecretStr

from adrelay.configuration import VAULT_PUBLIC_KEY
from adrelay.demo.rest import Json
from adrelay.runtime.ports import free_port
from libs.chassis.broker import event_stream
from libs.sealing import public_key_of
from sandbox.telegram import AccountSpec, ChannelSpec, GroupSpec, PostSpec, TelegramSandbox
from services.forwarder.settings import decode_keys
from services.forwarder.vault.cipher import TO_OWNER, Belonging, Cipher, Sealed
from tests.older_data.restore import AGELESS, recorded_answers, restore
from tests.support.forked import fork
from tests.support.system import PATIENT, ForkedSystem

VERSION = "5162150"
"""It published each event on a subject of its stream, and had no snapshots. See `make.py --running`."""
AT_REST = {"ADRELAY_GATEWAY_NOTICE_CHECK_SECONDS": "3600"}
"""Nothing is told to the operator at a time of the gateway's own, when tests have read all events."""
_ATTENTION = "select order_number, kind, payment, detail from attention.attention order by 1, 2"
_SESSIONS = """
select session, telegram_user, dc, key, box from clients.clients join vault.sessions using (session)
"""


@dataclass
class Facts:
    """What the stores and the stream hold."""

    events: dict[str, list[asyncpg.Record]] = field(default_factory=dict[str, list[asyncpg.Record]])
    """Every service's events: their types, ids, streams and versions, in order."""
    checkpoints: dict[tuple[str, str, str], tuple[int, int]] = field(
        default_factory=dict[tuple[str, str, str], tuple[int, int]]
    )
    """By service, reader and source."""
    offsets: dict[tuple[str, str], int | None] = field(default_factory=dict[tuple[str, str], int | None])
    """The resume offsets of readers that know partitions; None if an older program stored it."""
    published: Counter[str] = field(default_factory=Counter[str])
    """The number of events on the stream by the first word of their subjects."""
    with_snapshots: set[str] = field(default_factory=set[str])
    """The services with a table of snapshots."""
    attention: list[Any] = field(default_factory=list[Any])

    def types(self, service: str) -> Counter[str]:
        """Return the number of a service's events by type."""
        return Counter(event["type"] for event in self.events[service])


class TakenOver(ForkedSystem):
    """A system on restored data. `world` is a Telegram with the accounts and groups of that data."""

    def __init__(self, folder: Path, python: Any) -> None:  # noqa: ANN401 - see LocalSystem
        super().__init__(folder, python=python)
        self.recorded = recorded_answers(VERSION)
        self.before = Facts()
        self.world = TelegramSandbox(port=free_port())
        self._secrets |= self.recorded["secrets"]
        self._secrets[VAULT_PUBLIC_KEY] = str(public_key_of(self._vault_keys()[0]))

    async def environment(self) -> dict[str, str]:
        """Prepare the data, before any service runs; return the services' environment."""
        found = await super().environment()
        self.before = await self.facts()
        await self._make_world()
        return found | {
            **AGELESS,
            **AT_REST,
            **PATIENT,
            "ADRELAY_FORWARDER_TELEGRAM_HOST": self.world.host,
            "ADRELAY_FORWARDER_TELEGRAM_PORT": str(self.world.port),
            "ADRELAY_FORWARDER_TELEGRAM_DC": str(self.world.dc_id),
        }

    def _vault_keys(self) -> list[bytes]:
        return decode_keys(SecretStr(self.recorded["secrets"]["ADRELAY_FORWARDER_VAULT_KEYS"]))

    async def _make_world(self) -> None:
        """Create the groups of the data, and the accounts with their sessions."""
        cipher = Cipher(self._vault_keys())
        forwarder = await asyncpg.connect(self.databases["forwarder"])
        accounts: list[int] = []
        for row in await forwarder.fetch(_SESSIONS):
            account = self.world.create_account(AccountSpec(id=row["telegram_user"])).id
            stored = Sealed(row["key"], row["box"], TO_OWNER)  # before the forwarder binds it to more
            key = cipher.open(stored, Belonging("session", row["session"], row["dc"]))
            self.world.core.sessions.add(key, "minted", account)
            accounts.append(account)
        # access hashes of the sandbox that the data was made with
        await forwarder.execute("delete from pool.known_peers")
        await forwarder.close()
        post: Json = self.recorded["answers"]["advertisement"]["post"]
        self.world.create_channel(
            ChannelSpec(username=post["channel"][1:], posts=[PostSpec(text="the post", id=post["message"])])
        )
        for group, chat in self.recorded["groups"].items():
            self.world.create_group(GroupSpec(id=chat, username=group[1:], members=accounts))

    async def facts(self) -> Facts:
        """Return what the stores and the stream hold now."""
        found = Facts()
        for service, url in self.databases.items():
            connection = await asyncpg.connect(url)
            found.events[service] = await connection.fetch(
                "select type, id, stream, version, xid::text::bigint as xid, position from engine.events "
                "order by events.xid, position"
            )
            for row in await connection.fetch("select * from engine.checkpoints"):
                found.checkpoints[service, row["reader"], row["source"]] = (row["xid"], row["position"])
            for row in await connection.fetch("select * from engine.bookmarks"):
                found.offsets[service, row["reader"]] = row.get("sequence_with_partitions")
            if await connection.fetchval("select to_regclass('engine.snapshots')"):
                found.with_snapshots.add(service)
            if service == "gateway":
                found.attention = [tuple(row) for row in await connection.fetch(_ATTENTION)]
            await connection.close()
        found.published = await self._published()
        return found

    async def _published(self) -> Counter[str]:
        client = await nats.connect(self.nats.url)
        stream = event_stream(client)
        info = await client.jetstream().stream_info(stream.name, subjects_filter=">")
        await client.close()
        counted: Counter[str] = Counter()
        for subject, messages in (info.state.subjects or {}).items():
            counted[subject.partition(".")[0]] += messages
        return counted


@asynccontextmanager
async def taken_over(folder: Path) -> AsyncGenerator[TakenOver]:
    """Restore the older data, and run this program on it."""
    await asyncio.to_thread(folder.mkdir, 0o700)
    await restore(VERSION, folder)
    async with AsyncExitStack() as stack:
        system = TakenOver(folder, await fork())
        await stack.enter_async_context(system.world)
        yield await stack.enter_async_context(system)
