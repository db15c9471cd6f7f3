"""The service as it runs: commands and events over NATS, a worker beside it, and no secret in their words."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest_asyncio
from pydantic import SecretStr

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import connect_nats
from libs.chassis.commands import CommandClient
from libs.events.base import Event
from libs.events.catalogue import published
from libs.events.forwarder import (
    AbortReason,
    ApiPairImported,
    CycleAborted,
    CycleStarted,
    ImportApiPair,
    ImportSession,
    SessionImported,
)
from libs.events.scheduler import AdbotStopped, CycleDue, StopReason
from libs.events.values import AccountId, CycleId, Pacing, PairId, ResultClass, Seat, SessionId
from libs.eventsourcing.decider import Decider, Refused
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.record import Causes, utc_now
from libs.eventsourcing.relay import Relay
from libs.eventsourcing.stream import EventStream
from libs.eventsourcing.unit import UnitOfWork
from sandbox.telegram.specs import AccountSpec, AccountState, Policy
from services.forwarder.settings import ForwarderSettings
from tests.integration.forwarder.processes import Process, running
from tests.integration.forwarder.stage import POST, Stage, until

HASH = "fedcba9876543210" * 2


@dataclass
class System:
    """The service with one worker, and the two that speak to it: the gateway and the scheduler."""

    stage: Stage
    commands: CommandClient
    scheduler: Engine
    processes: list[Process]

    async def send(self, command: ImportApiPair | ImportSession) -> None:
        await self.commands.send(command, Causes.first("admin"))

    async def refusal(self, command: ImportApiPair | ImportSession) -> Refused:
        try:
            await self.send(command)
        except Refused as refused:
            return refused
        message = f"{type(command).__name__} was accepted"
        raise AssertionError(message)

    async def say(self, stream: str, *events: Event) -> None:
        """Have the scheduler say something."""

        async def work(unit: UnitOfWork) -> None:
            anything: Decider[Event, int, Event] = Decider(
                stream, lambda event, _: [event], lambda state, _: (state or 0) + 1
            )
            for event in events:
                await unit.execute(anything, "1", event)

        await self.scheduler.run(work, Causes.first("test"))

    async def upload(self, content: str | None = None) -> Seat:
        """Upload a session, with a new account behind it, as an operator would."""
        account = self.stage.telegram.create_account(AccountSpec()).id
        session = SessionId(uuid4())
        text = content or self.stage.telegram.mint_session(account)
        await self.send(ImportSession(session=session, content=SecretStr(text)))
        self.stage.accounts[session] = account
        return Seat(session=session, pair=self.stage.pair)

    def due(self, seats: list[Seat], groups: list[str]) -> CycleDue:
        return CycleDue(
            cycle=CycleId(uuid4()),
            adbot=self.stage.adbot,
            account=AccountId(uuid4()),
            number=1,
            due_at=utc_now(),
            post=POST,
            groups=tuple(groups),
            seats=tuple(seats),
            pacing=Pacing(delay_seconds=0.1),
        )


@pytest_asyncio.fixture(loop_scope="session")
async def system(
    stage: Stage, settings: ForwarderSettings, tmp_path: Path, postgres_server: EmbeddedPostgres
) -> AsyncIterator[System]:
    async with AsyncExitStack() as stack:
        processes = [
            await stack.enter_async_context(running(settings, tmp_path, worker=worker))
            for worker in (False, True)
        ]
        connection = await connect_nats(settings.nats_url.get_secret_value(), "test")
        stack.push_async_callback(connection.close)
        name = f"test_{uuid4().hex[:12]}"
        scheduler = Engine("scheduler", await postgres_server.ensure_database(name), published())
        stack.push_async_callback(postgres_server.drop_database, name)
        await scheduler.start()
        stack.push_async_callback(scheduler.stop)
        relay = asyncio.create_task(
            Relay(scheduler, EventStream(connection, prefix=settings.nats_prefix)).run()
        )
        yield System(stage, CommandClient(connection, prefix=settings.nats_prefix), scheduler, processes)
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)


async def test_the_way_from_an_uploaded_session_to_forwarded_posts(system: System, tmp_path: Path) -> None:
    stage = system.stage
    pair = PairId(uuid4())
    await system.send(ImportApiPair(pair=pair, api_id=815, api_hash=SecretStr(HASH)))
    text = stage.telegram.mint_session(stage.telegram.create_account(AccountSpec()).id)
    account = stage.telegram.create_account(AccountSpec()).id
    file = base64.b64encode(stage.telegram.session_file(account)).decode()
    seats = [await system.upload(text), await system.upload(f"base64:{file}")]
    stage.accounts = dict(
        zip(
            (seat.session for seat in seats),
            [one.telegram_user for one in await stage.said(SessionImported)],
            strict=True,
        )
    )
    groups = stage.groups(6, seats)
    due = system.due(seats, groups)
    await system.say("schedule", due)

    async def begun() -> bool:
        return bool(await stage.said(CycleStarted))

    await until(begun)
    assert await stage.finished(due.cycle) == {ResultClass.SENT: 6}
    assert stage.copies(groups) == {1: 6}
    assert not stage.telegram.held_twice()
    assert [one.api_id for one in await stage.said(ApiPairImported)] == [815]
    await check_that_causes_are_told(system, due.cycle)
    for process in system.processes:
        assert await process.end() == 0
    await check_that_nothing_secret_was_said(system, [text[1:], file, HASH, stage_key(stage)], tmp_path)


def stage_key(stage: Stage) -> str:
    return stage.settings.vault_keys.get_secret_value()


async def check_that_causes_are_told(system: System, cycle: CycleId) -> None:
    started, *later = await system.stage.history(f"cycle-{cycle}")
    cause = await system.scheduler.query(
        lambda sql: sql.fetchrow("select id, correlation_id from engine.events where type = 'CycleDue'")
    )
    assert cause is not None
    assert started.envelope.causation_id == cause["id"]
    assert {one.envelope.correlation_id for one in (started, *later)} == {cause["correlation_id"]}
    assert {one.envelope.causation_id for one in later} == {started.envelope.id}


async def check_that_nothing_secret_was_said(system: System, secrets: list[str], logs: Path) -> None:
    async with system.stage.engine.pool.acquire() as connection:
        events = await connection.fetch("select data::text from engine.events")
        sealed = await connection.fetch(
            "select box from vault.sessions union all select box from vault.pairs"
        )
    written = [path.read_text() for path in logs.glob("*.log")]  # noqa: ASYNC240 - local files
    said = "\n".join([*written, *(row[0] for row in events)])
    assert "seat.taken" in said, "the logs were not read"
    for secret in secrets:
        pieces = {secret[at : at + 24] for at in range(0, len(secret) - 24, 24)} or {secret}
        assert not [piece for piece in pieces if piece in said]
        assert not [row for row in sealed if secret.encode() in row["box"]]


async def test_what_is_no_session_is_refused_with_what_it_is(system: System) -> None:
    for content, said in [
        ("hello", "no Telethon string session"),
        ("base64:UEsDBA==", "no SQLite file"),
        ("base64:%%%", "not valid base64"),
    ]:
        refused = await system.refusal(ImportSession(session=SessionId(uuid4()), content=SecretStr(content)))
        assert refused.code == "unreadable_session"
        assert said in refused.detail


async def test_a_session_is_taken_once(system: System) -> None:
    account = system.stage.telegram.create_account(AccountSpec()).id
    text = SecretStr(system.stage.telegram.mint_session(account))
    first = SessionId(uuid4())
    await system.send(ImportSession(session=first, content=text))
    await system.send(ImportSession(session=first, content=text))  # the same upload, repeated
    refused = await system.refusal(ImportSession(session=SessionId(uuid4()), content=text))
    assert refused.code == "session_exists"
    other = SecretStr(system.stage.telegram.mint_session(account))
    refused = await system.refusal(ImportSession(session=first, content=other))
    assert refused.code == "session_exists"
    assert len([one for one in await system.stage.said(SessionImported) if one.session == first]) == 1
    assert not system.stage.telegram.held_twice()


async def test_the_same_session_uploaded_twice_at_once_is_connected_once(system: System) -> None:
    text = system.stage.telegram.mint_session(system.stage.telegram.create_account(AccountSpec()).id)
    commands = [ImportSession(session=SessionId(uuid4()), content=SecretStr(text)) for _ in range(5)]
    answers = await asyncio.gather(*map(system.send, commands), return_exceptions=True)
    assert [type(answer) for answer in answers].count(Refused) == 4
    assert not system.stage.telegram.held_twice()


async def test_a_session_that_telegram_does_not_take_is_dead_and_may_be_uploaded_again(
    system: System,
) -> None:
    telegram = system.stage.telegram
    account = telegram.create_account(AccountSpec()).id
    text = SecretStr(telegram.mint_session(account))
    telegram.set_account_state(account, AccountState.BANNED)
    session = SessionId(uuid4())
    refused = await system.refusal(ImportSession(session=session, content=text))
    assert (refused.code, refused.detail) == ("session_dead", "Telegram answers USER_DEACTIVATED_BAN")
    telegram.set_account_state(account, AccountState.ACTIVE)
    await system.send(ImportSession(session=session, content=text))
    unknown = telegram.mint_session(account)
    telegram.destroy_sessions(account)
    refused = await system.refusal(ImportSession(session=SessionId(uuid4()), content=SecretStr(unknown)))
    assert refused.code == "session_dead"


async def test_a_revoked_session_is_dead_though_telethon_believes_in_it(system: System) -> None:
    telegram = system.stage.telegram
    account = telegram.create_account(AccountSpec()).id
    text = SecretStr(telegram.mint_session(account))
    telegram.revoke_sessions(account, "SESSION_REVOKED")
    refused = await system.refusal(ImportSession(session=SessionId(uuid4()), content=text))
    assert (refused.code, refused.detail) == ("session_dead", "Telegram answers SESSION_REVOKED")


async def test_what_is_wrong_with_pairs_and_with_telegram_is_told_apart(system: System) -> None:
    telegram = system.stage.telegram
    text = SecretStr(telegram.mint_session(telegram.create_account(AccountSpec()).id))
    upload = ImportSession(session=SessionId(uuid4()), content=text)
    refused = await system.refusal(upload.model_copy(update={"pair": PairId(uuid4())}))
    assert refused.code == "unknown_api_pair"
    same = ImportApiPair(pair=PairId(uuid4()), api_id=4711, api_hash=SecretStr(HASH))
    assert (await system.refusal(same)).code == "pair_exists"
    telegram.set_policy(Policy(api_ids={1: HASH}))
    assert (await system.refusal(upload)).code == "unknown_api_pair"
    telegram.set_policy(Policy(api_ids={}))
    await telegram.stop()
    assert (await system.refusal(upload)).code == "telegram_unreachable"
    await telegram.start()
    await system.send(upload)


async def test_without_any_pair_no_session_can_be_checked(system: System) -> None:
    await system.stage.engine.query(lambda sql: sql.execute("delete from vault.pairs"))
    text = system.stage.telegram.mint_session(system.stage.telegram.create_account(AccountSpec()).id)
    refused = await system.refusal(ImportSession(session=SessionId(uuid4()), content=SecretStr(text)))
    assert refused.code == "no_api_pair"


async def test_a_stopped_adbots_cycle_ends_in_the_middle(system: System) -> None:
    stage = system.stage
    seats = await stage.seats(2)
    groups = stage.groups(40, seats)
    due = system.due(seats, groups)
    await system.say("schedule", due)

    async def under_way() -> bool:
        return len(stage.sent()) >= 4

    await until(under_way)
    await system.say("schedule", AdbotStopped(adbot=stage.adbot, reason=StopReason.EXPIRED))
    end = await stage.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.reason is AbortReason.STOPPED
    sent = len(stage.sent())
    await asyncio.sleep(0.5)
    assert len(stage.sent()) <= sent + len(seats)


async def test_a_cycle_that_was_due_before_a_stop_that_is_known_is_not_sent(system: System) -> None:
    stage = system.stage
    seats = await stage.seats(1)
    groups = stage.groups(3, seats)
    far_ahead = 2**40  # in the scheduler's order; the reader of stops may be ahead of the one of due cycles
    await stage.engine.query(
        lambda sql: sql.execute("insert into stops values ($1, $2, 1)", stage.adbot, far_ahead)
    )
    due = system.due(seats, groups)
    await system.say("schedule", due)
    end = await stage.over(due.cycle)
    assert isinstance(end, CycleAborted)
    assert end.counts == {ResultClass.STOPPED: 3}
    assert not stage.sent()
