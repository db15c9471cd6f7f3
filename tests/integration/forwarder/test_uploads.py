"""Uploading sessions and Telegram applications to the service as it runs.

What is taken, and what is refused.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.forwarder import SessionImported
from libs.events.values import ApplicationId, SessionId, SessionLoss
from libs.eventsourcing import Causes, Refused, Scope, Sql, UnitOfWork
from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import AccountSpec, AccountState, Policy
from services.forwarder.adapters.telegram.messenger import TelethonTelegram
from services.forwarder.client.commands import Die
from services.forwarder.client.domain import CLIENT
from services.forwarder.settings import ForwarderSettings, decode_keys
from services.forwarder.vault.cipher import Cipher
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import Vault
from services.forwarder.vault.uploading import import_session
from tests.integration.forwarder.harness import ForwarderHarness, engine_of, settings_of, vault_key
from tests.integration.forwarder.processes import running
from tests.integration.forwarder.system import HASH, System, system_of
from tests.support.databases import fresh_database


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    server_key: ServerKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[System]:
    """One system for all uploads: each test has accounts of its own."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(postgres_server, "forwarder"))
        telegram = await stack.enter_async_context(TelegramSandbox(port=free_port(), key=server_key))
        settings = settings_of(database, nats_server.url, f"t{uuid4().hex[:8]}", telegram)
        harness = ForwarderHarness(await stack.enter_async_context(engine_of(database)), telegram, settings)
        await harness.prepare()
        logs = tmp_path_factory.mktemp("logs")
        yield await stack.enter_async_context(system_of(harness, settings, logs, postgres_server))


@pytest.fixture
def settings(system: System) -> ForwarderSettings:
    """The settings of the one system."""
    return system.harness.settings


async def imported(system: System, *sessions: SessionId) -> list[SessionId]:
    """Return those of the sessions that were imported, in order; twice what was so twice."""
    return [one.session for one in await system.harness.events_of(SessionImported) if one.session in sessions]


async def test_what_is_no_session_is_refused_with_what_it_is(system: System) -> None:
    for content, said in [
        ("hello", "no Telethon string session"),
        ("base64:UEsDBA==", "no SQLite file"),
        ("base64:%%%", "not valid base64"),
    ]:
        refused = await system.refusal(system.importing(SessionId(uuid4()), content))
        assert refused.code == "unreadable_session"
        assert said in refused.detail


async def test_a_session_is_taken_once(system: System) -> None:
    account = system.harness.telegram.create_account(AccountSpec()).id
    text = system.harness.telegram.mint_session(account)
    first = SessionId(uuid4())
    await system.send(system.importing(first, text))
    await system.send(system.importing(first, text))  # the same upload, repeated
    refused = await system.refusal(system.importing(SessionId(uuid4()), text))
    assert refused.code == "session_exists"
    other = system.harness.telegram.mint_session(account)
    refused = await system.refusal(system.importing(first, other))
    assert refused.code == "session_exists"
    assert await imported(system, first) == [first]
    assert not system.harness.telegram.held_twice()


async def test_the_same_session_uploaded_twice_at_once_is_connected_once(system: System) -> None:
    text = system.harness.telegram.mint_session(system.harness.telegram.create_account(AccountSpec()).id)
    commands = [system.importing(SessionId(uuid4()), text) for _ in range(5)]
    answers = await asyncio.gather(*map(system.send, commands), return_exceptions=True)
    assert [type(answer) for answer in answers].count(Refused) == 4
    assert not system.harness.telegram.held_twice()


async def test_an_upload_that_comes_again_while_it_is_carried_out_is_connected_once(
    system: System, settings: ForwarderSettings
) -> None:
    """As when the broker's connection breaks: the sender can't know whether it was heard."""
    harness = system.harness
    account = harness.telegram.create_account(AccountSpec()).id
    text = harness.telegram.mint_session(account)
    upload = system.importing(SessionId(uuid4()), text)
    begun, first_is_over = asyncio.Event(), asyncio.Event()

    class LateVault(Vault):
        """A vault whose transaction began before the first upload was over, and goes on after it."""

        async def claim_check(
            self, sql: Sql, session: SessionId, secret: SessionKey, lasting: timedelta
        ) -> bool:
            await sql.fetchval("select 1")
            begun.set()
            await first_is_over.wait()
            return await super().claim_check(sql, session, secret, lasting)

    late = LateVault(Cipher(decode_keys(settings.vault_keys)))
    scope = Scope(harness.engine, Causes.first("admin"))
    again = asyncio.create_task(
        import_session(upload, scope, late, TelethonTelegram(settings), SessionReader())
    )
    await begun.wait()
    await system.send(upload)
    harness.telegram.revoke_sessions(account)  # would tell whoever signs in with it now
    first_is_over.set()
    await again
    assert await imported(system, upload.session) == [upload.session]


async def test_one_account_is_in_the_vault_with_one_living_session(system: System) -> None:
    """Two sessions of it would be two seats in stock, of one account's worth."""
    harness = system.harness
    account = harness.telegram.create_account(AccountSpec()).id
    first, second = SessionId(uuid4()), SessionId(uuid4())
    await system.send(system.importing(first, harness.telegram.mint_session(account)))
    other = harness.telegram.mint_session(account)
    refused = await system.refusal(system.importing(second, other))
    assert refused.code == "account_exists"
    assert await imported(system, first, second) == [first]
    assert await harness.engine.query(lambda sql: harness.vault.session(sql, second)) is None

    async def die(unit: UnitOfWork) -> None:
        await unit.execute(CLIENT, first, Die(SessionLoss.RETIRED, "SESSION_REVOKED", unit.at))

    await harness.engine.run(die, Causes.first("test"))
    await system.send(system.importing(second, other))
    assert await imported(system, first, second) == [first, second]


async def test_sessions_of_one_account_uploaded_at_once_are_stored_once(system: System) -> None:
    telegram = system.harness.telegram
    account = telegram.create_account(AccountSpec()).id
    commands = [system.importing(SessionId(uuid4()), telegram.mint_session(account)) for _ in range(5)]
    answers = await asyncio.gather(*map(system.send, commands), return_exceptions=True)
    refused = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert refused == ["account_exists"] * 4
    assert len(await imported(system, *(command.session for command in commands))) == 1


async def test_without_the_vaults_key_no_process_starts_and_one_line_says_why(
    system: System, settings: ForwarderSettings, tmp_path: Path
) -> None:
    await system.upload()
    changed = settings.model_copy(update={"vault_keys": SecretStr(vault_key())})
    for worker in (False, True):
        async with running(changed, tmp_path, worker=worker) as process:
            assert await process.ended() == 2
        (said,) = [line for line in process.output().splitlines() if "VAULT_KEYS" in line]
        assert said.startswith("forwarder: ADRELAY_FORWARDER_VAULT_KEYS lacks a key")
        assert "Traceback" not in process.output()


async def test_a_session_that_telegram_does_not_take_is_dead_and_may_be_uploaded_again(
    system: System,
) -> None:
    telegram = system.harness.telegram
    account = telegram.create_account(AccountSpec()).id
    text = telegram.mint_session(account)
    telegram.set_account_state(account, AccountState.BANNED)
    session = SessionId(uuid4())
    refused = await system.refusal(system.importing(session, text))
    assert (refused.code, refused.detail) == ("session_dead", "Telegram answers USER_DEACTIVATED_BAN")
    telegram.set_account_state(account, AccountState.ACTIVE)
    await system.send(system.importing(session, text))
    unknown = telegram.mint_session(account)
    telegram.destroy_sessions(account)
    refused = await system.refusal(system.importing(SessionId(uuid4()), unknown))
    assert refused.code == "session_dead"


async def test_a_revoked_session_is_dead_though_telethon_believes_in_it(system: System) -> None:
    telegram = system.harness.telegram
    account = telegram.create_account(AccountSpec()).id
    text = telegram.mint_session(account)
    telegram.revoke_sessions(account, "SESSION_REVOKED")
    refused = await system.refusal(system.importing(SessionId(uuid4()), text))
    assert (refused.code, refused.detail) == ("session_dead", "Telegram answers SESSION_REVOKED")


async def test_what_is_wrong_with_pairs_and_with_telegram_is_told_apart(system: System) -> None:
    telegram = system.harness.telegram
    text = telegram.mint_session(telegram.create_account(AccountSpec()).id)
    upload = system.importing(SessionId(uuid4()), text)
    refused = await system.refusal(system.importing(upload.session, text, ApplicationId(uuid4())))
    assert refused.code == "unknown_api_pair"
    same = system.adding(ApplicationId(uuid4()), 4711, HASH)
    assert (await system.refusal(same)).code == "pair_exists"
    telegram.set_policy(Policy(api_ids={1: HASH}))
    assert (await system.refusal(upload)).code == "unknown_api_pair"
    telegram.set_policy(Policy(api_ids={}))
    await telegram.stop()
    assert (await system.refusal(upload)).code == "telegram_unreachable"
    await telegram.start()
    await system.send(upload)


async def test_without_any_pair_no_session_can_be_checked(system: System) -> None:
    await system.harness.engine.query(lambda sql: sql.execute("delete from vault.pairs"))
    text = system.harness.telegram.mint_session(system.harness.telegram.create_account(AccountSpec()).id)
    try:
        refused = await system.refusal(system.importing(SessionId(uuid4()), text))
    finally:
        await system.harness.put_application()
    assert refused.code == "no_api_pair"
