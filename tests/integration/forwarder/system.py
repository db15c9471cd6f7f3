"""The forwarder's service and a worker as processes, and what sends to them."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import connect_nats, event_stream
from libs.chassis.command_client import CommandClient
from libs.chassis.questions import QuestionClient
from libs.events.catalogue import published
from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.events.scheduler import CycleDue
from libs.events.values import AccountId, ApplicationId, CycleId, Pacing, Seat, SessionId
from libs.eventsourcing import Causes, Decider, Engine, Event, Refused, Relay, UnitOfWork
from libs.eventsourcing.values import utc_now
from libs.sealing import api_hash_binding, session_binding
from sandbox.telegram.specs import AccountSpec
from services.forwarder.settings import ForwarderSettings
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.forwarder.harness import POST, ForwarderHarness
from tests.integration.forwarder.processes import running
from tests.support.databases import fresh_database
from tests.support.process import Process
from tests.support.signing import SIGNER

HASH = "fedcba9876543210" * 2


@dataclass
class System:
    """The service with a worker, and what sends to it: clients and the scheduler."""

    harness: ForwarderHarness
    commands: CommandClient
    questions: QuestionClient
    scheduler: Engine
    processes: list[Process]

    async def send(self, command: ImportApiPair | ImportSession) -> None:
        await self.commands.send(command, Causes.first("admin"))

    def importing(self, session: SessionId, text: str, pair: ApplicationId | None = None) -> ImportSession:
        """Return the command that uploads a session, sealed as the gateway seals it."""
        key = self.harness.vault.private_keys.public
        sealed = key.seal(text.encode(), session_binding(session, pair))
        return ImportSession(session=session, sealed=sealed, pair=pair)

    def adding(self, pair: ApplicationId, api_id: int, api_hash: str) -> ImportApiPair:
        """Return the command that adds a Telegram application, its hash sealed as the gateway seals it."""
        key = self.harness.vault.private_keys.public
        sealed = key.seal(api_hash.encode(), api_hash_binding(pair, api_id))
        return ImportApiPair(pair=pair, api_id=api_id, sealed=sealed)

    async def refusal(self, command: ImportApiPair | ImportSession) -> Refused:
        try:
            await self.send(command)
        except Refused as refused:
            return refused
        message = f"{type(command).__name__} was accepted"
        raise AssertionError(message)

    async def publish(self, stream: str, *events: Event) -> None:
        """Append events to the scheduler's store."""

        async def work(unit: UnitOfWork) -> None:
            anything: Decider[Event, int, Event] = Decider(
                stream, lambda event, _: [event], lambda state, _: (state or 0) + 1
            )
            for event in events:
                await unit.execute(anything, "1", event)

        await self.scheduler.run(work, Causes.first("test"))

    async def upload(self, content: str | None = None) -> Seat:
        """Upload a session of a new account; return its seat."""
        account = self.harness.telegram.create_account(AccountSpec()).id
        session = SessionId(uuid4())
        text = content or self.harness.telegram.mint_session(account)
        await self.send(self.importing(session, text))
        self.harness.accounts[session] = account
        return Seat(session=session, pair=self.harness.pair)

    def due(self, seats: list[Seat], groups: list[str]) -> CycleDue:
        return CycleDue(
            cycle=CycleId(uuid4()),
            adbot=self.harness.adbot,
            account=AccountId(uuid4()),
            number=1,
            due_at=utc_now(),
            post=POST,
            groups=tuple(groups),
            seats=tuple(seats),
            pacing=Pacing(delay_seconds=0.1),
        )


@asynccontextmanager
async def system_of(
    harness: ForwarderHarness, settings: ForwarderSettings, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> AsyncGenerator[System]:
    """Run the service and a worker until the end of the block."""
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(running(settings, tmp_path, worker=worker))
            for worker in (False, True)
        ]
        connection = await connect_nats(settings.nats_url.get_secret_value(), "test")
        stack.push_async_callback(connection.close)
        database = await stack.enter_async_context(fresh_database(postgres_server))
        scheduler = Engine("scheduler", database, published())
        await scheduler.start()
        stack.push_async_callback(scheduler.stop)
        relay = asyncio.create_task(
            Relay(scheduler, event_stream(connection, prefix=settings.nats_prefix)).run()
        )
        yield System(
            harness,
            CommandClient(connection, SIGNER, prefix=settings.nats_prefix, timeout_seconds=DEADLINE_SECONDS),
            QuestionClient(connection, SIGNER, prefix=settings.nats_prefix),
            scheduler,
            processes,
        )
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
