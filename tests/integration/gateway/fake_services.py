"""Fakes of the services behind the gateway, which answer commands and append events."""

import asyncio
import secrets
from base64 import b64decode
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Self
from uuid import uuid4

from libs.chassis.broker import connect_nats, event_stream
from libs.chassis.commands import answering_broker, start_answering, subscribe
from libs.events.billing import ProductListed
from libs.events.catalogue import published
from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.events.commands.scheduler import (
    AllowPrivateIds,
    CheckPost,
    ConfirmGroup,
    ForbidPrivateIds,
    SetAdvertisement,
    SetGroupOption,
    StartAdbot,
    StopAdbot,
)
from libs.events.forwarder import ApiPairImported, SessionImported
from libs.events.scheduler import (
    AdbotStarted,
    AdbotStopped,
    AdvertisementSet,
    GroupConfirmed,
    GroupOption,
    GroupOptionSet,
    PostCheckRequested,
    PrivateIdsAllowed,
    PrivateIdsForbidden,
    StopReason,
)
from libs.events.values import AccountId, ApplicationId, ChannelPost, Seat, SessionId
from libs.eventsourcing import (
    Causes,
    CommandHandlers,
    Decider,
    Engine,
    Event,
    Refused,
    Relay,
    UnitOfWork,
)
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.store.postgres import PostgresStore
from libs.sealing import PrivateKeys, api_hash_binding, public_key_of, session_binding
from tests.support import plans
from tests.support.signing import VERIFIER

SEATS = tuple(Seat(session=SessionId(uuid4()), pair=ApplicationId(uuid4())) for _ in range(3))
"""The seats that the scheduler knows of every adbot."""
BRONZE = plans.BRONZE.model_copy(update={"sessions": 2})


def _decide(events: Sequence[Event], _: int | None) -> Sequence[Event]:
    return events


def _evolve(count: int | None, _: Event) -> int:
    return (count or 0) + 1


async def append(unit: UnitOfWork, stream: str, *events: Event) -> None:
    """Append events to a stream without a decision."""
    category, _, key = stream.partition("-")
    decider: Decider[Sequence[Event], int, Event] = Decider(category, _decide, _evolve)
    await unit.execute(decider, key, events)


async def already(unit: UnitOfWork, stream: str) -> int:
    """Return the number of a stream's events."""
    category, _, key = stream.partition("-")
    decider: Decider[Sequence[Event], int, Event] = Decider(category, _decide, _evolve)
    return await unit.load(decider, key) or 0


VAULT_KEY = secrets.token_bytes(32)
VAULT_PUBLIC_KEY = str(public_key_of(VAULT_KEY))


@dataclass
class FakeService:
    """A service with a store, a relay and these command handlers."""

    service: str
    url: str
    nats_url: str
    prefix: str
    handlers: CommandHandlers = field(default_factory=CommandHandlers)

    async def __aenter__(self) -> Self:
        self.engine = Engine(self.service, self.url, published())
        self._stack = AsyncExitStack()
        await self.engine.start(pool_size=4)
        self._stack.push_async_callback(self.engine.stop)
        nats = await connect_nats(self.nats_url, self.service)
        self._stack.push_async_callback(nats.close)
        self._relay = Relay(self.engine, event_stream(nats, prefix=self.prefix))
        self.resume()
        self._stack.push_async_callback(self.pause)
        broker = answering_broker(self.nats_url, service=self.service)
        subscribe(self.handlers, broker, self.engine, VERIFIER, prefix=self.prefix)
        await start_answering(broker)
        self._stack.push_async_callback(broker.stop)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def resume(self) -> None:
        """Start the relay."""
        self._relaying = asyncio.create_task(self._relay.run())

    async def pause(self) -> None:
        """Stop the relay."""
        self._relaying.cancel()
        with suppress(asyncio.CancelledError):
            await self._relaying

    async def publish(self, stream: str, *events: Event) -> None:
        """Append events to a stream of this service."""
        await self.engine.run(lambda unit: append(unit, stream, *events), Causes.first("service:test"))

    async def events_of(self, stream: str) -> list[Recorded]:
        """Return the events of a stream."""
        async with self.engine.pool.acquire() as connection:
            return await PostgresStore(connection, self.engine.catalogue).load(stream)


def forwarder() -> CommandHandlers:
    """Return a forwarder's handlers: accept any Telegram application, and sessions that begin with a 1."""
    handlers, keys = CommandHandlers(), PrivateKeys([VAULT_KEY])

    @handlers.on(ImportApiPair)
    async def import_pair(command: ImportApiPair, unit: UnitOfWork) -> None:
        assert command.sealed is not None
        api_hash = keys.open(command.sealed, api_hash_binding(command.pair, command.api_id))
        assert len(api_hash) == 32
        await append(
            unit, f"apipair-{command.pair}", ApiPairImported(pair=command.pair, api_id=command.api_id)
        )

    @handlers.on(ImportSession)
    async def import_session(command: ImportSession, unit: UnitOfWork) -> None:
        assert command.sealed is not None
        content = keys.open(command.sealed, session_binding(command.session, command.pair)).decode()
        if content.startswith("base64:"):
            content = b64decode(content.removeprefix("base64:")).decode(errors="replace")
        if not content.startswith("1"):
            raise Refused("unreadable_session", "this is something else")
        imported = SessionImported(
            session=command.session, telegram_user=77, phone="+49…42", pair=command.pair
        )
        await append(unit, f"client-{command.session}", imported)

    del import_pair, import_session
    return handlers


def add_post_checks(handlers: CommandHandlers) -> None:
    """Let a scheduler's handlers accept a check of one post."""

    @handlers.on(CheckPost)
    async def check_post(command: CheckPost, unit: UnitOfWork) -> None:
        if len(command.posts) > 1:
            raise Refused("too_many_post_checks", "that is enough")
        now = datetime.now(UTC)
        event = PostCheckRequested(
            check=command.check,
            adbot=command.adbot,
            account=command.account or AccountId(command.adbot),
            posts=(ChannelPost(channel="@channel", message=42),),
            seats=SEATS,
            requested_at=now,
            expires_at=now + timedelta(minutes=2),
        )
        await append(unit, f"postchecks-{command.adbot}", event)

    del check_post


def scheduler() -> CommandHandlers:
    """Return a scheduler's handlers: accept any link as a post, and start any adbot with an advertisement."""
    handlers = CommandHandlers()
    add_post_checks(handlers)
    set_up: set[object] = set()

    @handlers.on(SetAdvertisement)
    async def set_advertisement(command: SetAdvertisement, unit: UnitOfWork) -> None:
        if not command.post.startswith("https://t.me/"):
            raise Refused("malformed_post", "this is no link to a post")
        set_up.add(command.adbot)
        post = ChannelPost(channel="@channel", message=42)
        options = tuple(GroupOption(**option.model_dump()) for option in command.group_options)
        event = AdvertisementSet(
            adbot=command.adbot,
            post=post,
            groups=command.groups,
            lists=command.lists,
            group_options=options,
            options=command.options,
        )
        await append(unit, f"schedule-{command.adbot}", event)

    @handlers.on(StartAdbot)
    async def start(command: StartAdbot, unit: UnitOfWork) -> None:
        if command.adbot not in set_up:
            raise Refused("no_post", "set a post first")
        now = datetime.now(UTC)
        event = AdbotStarted(adbot=command.adbot, started_at=now, anchor=now, interval_seconds=3600)
        await append(unit, f"schedule-{command.adbot}", event)

    @handlers.on(StopAdbot)
    async def stop(command: StopAdbot, unit: UnitOfWork) -> None:
        event = AdbotStopped(adbot=command.adbot, reason=StopReason.REQUESTED)
        await append(unit, f"schedule-{command.adbot}", event)

    @handlers.on(ConfirmGroup)
    async def confirm(command: ConfirmGroup, unit: UnitOfWork) -> None:
        event = GroupConfirmed(adbot=command.adbot, group=command.group)
        await append(unit, f"confirmations-{command.adbot}", event)

    @handlers.on(AllowPrivateIds)
    async def allow(command: AllowPrivateIds, unit: UnitOfWork) -> None:
        event = PrivateIdsAllowed(account=command.account, reason=command.reason)
        await append(unit, f"permissions-{command.account}", event)

    @handlers.on(ForbidPrivateIds)
    async def forbid(command: ForbidPrivateIds, unit: UnitOfWork) -> None:
        event = PrivateIdsForbidden(account=command.account, reason=command.reason)
        await append(unit, f"permissions-{command.account}", event)

    @handlers.on(SetGroupOption)
    async def set_option(command: SetGroupOption, unit: UnitOfWork) -> None:
        assert command.adbot is not None
        event = GroupOptionSet(adbot=command.adbot, option=GroupOption(**command.option.model_dump()))
        await append(unit, f"schedule-{command.adbot}", event)

    del set_option, set_advertisement, start, stop, confirm, allow, forbid
    return handlers


async def list_bronze(fake_service: FakeService) -> None:
    """Append that the plan bronze is on sale."""
    await fake_service.publish("product-bronze", ProductListed(plan=BRONZE))
