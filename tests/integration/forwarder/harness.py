"""A test harness for the forwarder: a Telegram sandbox with groups, and a pool on a real database."""

import asyncio
import base64
import secrets
from collections import Counter
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TypeVar
from uuid import uuid4

from libs.events.catalogue import published
from libs.events.forwarder import CycleAborted, CycleFinished, DeliveriesRecorded, Delivery
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    GroupRef,
    Pacing,
    ResultClass,
    Seat,
    SendOptions,
    SessionId,
    TextPost,
)
from libs.eventsourcing import Causes, Engine, Event, UnitOfWork
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.store.postgres import PostgresStore
from sandbox.telegram.models import ChatView, JournalEntry, JournalQuery, MessageView
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import (
    AccountSpec,
    AlbumSpec,
    ChannelSpec,
    FaultAction,
    FaultMoment,
    FaultSpec,
    GroupSpec,
    Media,
    PostSpec,
)
from services.forwarder.adapters.telegram.messenger import TelethonTelegram
from services.forwarder.client.commands import Import as ImportClient
from services.forwarder.client.domain import CLIENT
from services.forwarder.cycle.commands import Begin
from services.forwarder.cycle.domain import CYCLE
from services.forwarder.cycle.seating import seating_of
from services.forwarder.pool.own_posts import begin_with
from services.forwarder.pool.pool import Pool
from services.forwarder.pool.recovery import abort
from services.forwarder.registry import REGISTRY
from services.forwarder.schema import make_tables
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.accounts import VaultAccounts
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.sessions import read_string
from services.forwarder.vault.store import TelegramApplication, Vault
from tests.support.waiting import until

EventT = TypeVar("EventT", bound=Event)

SOURCE = "@newsroom"
POST = ChannelPost(channel=SOURCE, message=1)
ALBUM = ChannelPost(channel=SOURCE, message=3)
PACING = Pacing(delay_seconds=0.02)
USUAL = SendOptions()


def vault_key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def settings_of(database: str, nats_url: str, prefix: str, telegram: TelegramSandbox) -> ForwarderSettings:
    """Return a forwarder's settings: durations are short, but leases do not end on a busy machine."""
    return ForwarderSettings.model_validate(
        {
            "postgres_url": database,
            "nats_url": nats_url,
            "nats_prefix": prefix,
            "vault_keys": vault_key(),
            "telegram_host": telegram.host,
            "telegram_port": telegram.port,
            "telegram_dc": telegram.dc_id,
            "lease_seconds": 20,
            "poll_seconds": 0.1,
            "request_seconds": 5,
            "connect_seconds": 5,
            "backoff_seconds": 0.05,
            "idle_seconds": 5,
            "max_wait_in_cycle_seconds": 5,
            "resolves_per_minute": 1000,
            "resolves_per_day": 100_000,
            "joins_per_day": 0,
            "join_distance_seconds": 0,
            "daily_sends_by_age": "",
        }
    )


@asynccontextmanager
async def engine_of(database: str) -> AsyncGenerator[Engine]:
    """Yield the forwarder's engine on a database."""
    made = Engine(
        "forwarder",
        database,
        published(),
        state_tables=REGISTRY.state_tables,
        read_models=REGISTRY.read_models,
    )
    await made.start(pool_size=10)
    await make_tables(made)
    yield made
    await made.stop()


class ForwarderHarness:
    """Creates seats with sessions, groups, cycles and workers; returns their events and messages."""

    def __init__(self, engine: Engine, telegram: TelegramSandbox, settings: ForwarderSettings) -> None:
        self.engine = engine
        self.telegram = telegram
        self.settings = settings
        self.vault = Vault(Cipher(decode_keys(settings.vault_keys)))
        self.pair = ApplicationId(uuid4())
        self.adbot = AdbotId(uuid4())
        self.accounts: dict[SessionId, int] = {}

    async def prepare(self) -> None:
        await self.put_application()
        pictures = [PostSpec(media=Media.PHOTO, text=f"picture {number}") for number in range(3)]
        self.telegram.create_channel(
            ChannelSpec(username=SOURCE[1:], posts=[PostSpec(text="the post"), AlbumSpec(album=pictures)])
        )

    async def put_application(self) -> None:
        secret = TelegramApplication(4711, "0123456789abcdef" * 2)
        await self.engine.query(lambda sql: self.vault.put_application(sql, self.pair, secret))

    async def seats(self, count: int) -> list[Seat]:
        return [await self.seat() for _ in range(count)]

    async def seat(self) -> Seat:
        return await self.seat_of(self.telegram.create_account(AccountSpec()).id)

    async def seat_of(self, account: int) -> Seat:
        session = SessionId(uuid4())
        secret = read_string(self.telegram.mint_session(account))

        async def work(unit: UnitOfWork) -> None:
            await self.vault.put_session(unit.flushed, session, secret)
            await unit.execute(CLIENT, session, ImportClient(session, account, "+49…42", self.pair, unit.at))

        await self.engine.run(work, Causes.first("test"))
        self.accounts[session] = account
        return Seat(session=session, pair=self.pair)

    def groups(self, count: int, seats: Iterable[Seat], spec: GroupSpec | None = None) -> list[GroupRef]:
        members = [self.accounts[seat.session] for seat in seats]
        made: list[GroupRef] = []
        for _ in range(count):
            name = f"group_{uuid4().hex[:12]}"
            changes = {"username": name, "members": members}
            self.telegram.create_group((spec or GroupSpec()).model_copy(update=changes))
            made.append(f"@{name}")
        return made

    async def begin(
        self,
        seats: Iterable[Seat],
        groups: Iterable[GroupRef],
        *,
        post: ChannelPost | TextPost = POST,
        pacing: Pacing = PACING,
        options: SendOptions = USUAL,
    ) -> CycleId:
        cycle = CycleId(uuid4())

        async def work(unit: UnitOfWork) -> None:
            named = tuple(seats)
            patience = timedelta(seconds=self.settings.max_wait_in_cycle_seconds)
            known = await seating_of(unit.flushed, self.adbot, [seat.session for seat in named], patience)
            begin = Begin(cycle, self.adbot, post, pacing, tuple(groups), named, known, unit.at, options)
            await unit.execute(CYCLE, cycle, begin)
            await begin_with(unit.flushed, self.adbot, options)

        await self.engine.run(work, Causes.first("test"))
        return cycle

    async def stop(self, cycle: CycleId) -> None:
        async def work(unit: UnitOfWork) -> None:
            await abort(unit, cycle)

        await self.engine.run(work, Causes.first("test"))

    # -- workers

    def worker(self, **changes: object) -> Pool:
        settings = self.settings.model_copy(update=changes)
        return Pool(self.engine, VaultAccounts(self.engine, self.vault, TelethonTelegram(settings)), settings)

    @asynccontextmanager
    async def working(self, workers: int = 1, **changes: object) -> AsyncGenerator[list[Pool]]:
        pools = [self.worker(**changes) for _ in range(workers)]
        tasks = [asyncio.create_task(pool.run()) for pool in pools]
        try:
            yield pools
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- what became of it

    async def history(self, stream: str) -> list[Recorded]:
        async with self.engine.pool.acquire() as connection:
            return await PostgresStore(connection, self.engine.catalogue).load(stream)

    async def check_that_the_cycle_caused(self, stream: str, cycle: CycleId) -> None:
        """Assert that the last event of a stream was caused by the first one of a cycle."""
        first = (await self.history(f"cycle-{cycle}"))[0].envelope
        last = (await self.history(stream))[-1].envelope
        assert (last.correlation_id, last.causation_id) == (first.correlation_id, first.id), last.type

    async def over(self, cycle: CycleId) -> CycleFinished | CycleAborted:
        ends: list[CycleFinished | CycleAborted] = []

        async def ended() -> bool:
            ends.extend(
                recorded.event
                for recorded in await self.history(f"cycle-{cycle}")
                if isinstance(recorded.event, CycleFinished | CycleAborted)
            )
            return bool(ends)

        await until(ended)
        return ends[0]

    async def finished(self, cycle: CycleId) -> dict[ResultClass, int]:
        end = await self.over(cycle)
        assert isinstance(end, CycleFinished), end
        return end.counts

    async def deliveries(self, cycle: CycleId) -> dict[GroupRef, Delivery]:
        found: dict[GroupRef, Delivery] = {}
        for recorded in await self.history(f"cycle-{cycle}"):
            if isinstance(recorded.event, DeliveriesRecorded):
                for delivery in recorded.event.deliveries:
                    assert delivery.group not in found, f"{delivery.group} is named twice"
                    found[delivery.group] = delivery
        return found

    def messages(self, group: GroupRef) -> list[MessageView]:
        return self.telegram.messages(self.chat(group).id)

    async def events_of(self, kind: type[EventT]) -> list[EventT]:
        """Return all events of a type, in order."""
        async with self.engine.pool.acquire() as connection:
            rows = await connection.fetch(
                "select type, schema, data::text as data from engine.events where type = $1 "
                "order by position",
                kind.__name__,
            )
        events = [self.engine.catalogue.decode(row["type"], row["schema"], row["data"]) for row in rows]
        return [event for event in events if isinstance(event, kind)]

    def account(self, seat: Seat) -> int:
        return self.accounts[seat.session]

    def sent(self, seat: Seat | None = None) -> list[JournalEntry]:
        """Return the server's calls of `messages.forwardMessages`."""
        account = None if seat is None else self.account(seat)
        return self.telegram.journal(JournalQuery(method="messages.forwardMessages", account=account))

    def fail(self, name: str, seat: Seat | None = None, **spec: object) -> None:
        """Answer `messages.forwardMessages` with an error."""
        account = None if seat is None else self.account(seat)
        fault = {"method": "messages.forwardMessages", "account": account, "name": name, **spec}
        self.telegram.inject_fault(FaultSpec.model_validate(fault))

    def fail_silently(self, action: FaultAction, moment: FaultMoment, seat: Seat, *, times: int) -> None:
        """Do not answer `messages.forwardMessages`."""
        self.telegram.inject_fault(
            FaultSpec(
                method="messages.forwardMessages",
                account=self.account(seat),
                action=action,
                moment=moment,
                times=times,
            )
        )

    def copies(self, groups: Iterable[GroupRef]) -> Counter[int]:
        """Count groups by their number of messages."""
        return Counter(len(self.messages(group)) for group in groups)

    def chat_id(self, group: GroupRef) -> int:
        return self.chat(group).id

    def chat(self, group: GroupRef) -> ChatView:
        name = group.partition("/")[0][1:]
        return next(chat for chat in self.telegram.chats() if chat.username == name)
