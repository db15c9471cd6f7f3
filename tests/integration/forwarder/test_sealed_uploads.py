"""Secrets on their way to the vault, before the eyes of somebody who reads and repeats all of the broker."""

import base64
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from pydantic import SecretStr
from telethon.sessions import StringSession

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.command_messages import subject_of
from libs.events.commands.forwarder import ImportApiPair, ImportSession
from libs.events.forwarder import ApiPairImported, SessionImported
from libs.events.results import RESULT, Accepted, Refusal
from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing import Command
from libs.sealing import public_key_of, session_binding
from sandbox.telegram.crypto import ServerKey
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import AccountSpec
from services.forwarder.settings import decode_keys
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.forwarder.harness import ForwarderHarness, engine_of, settings_of, vault_key
from tests.integration.forwarder.system import HASH, System, system_of
from tests.support.databases import fresh_database
from tests.support.leaks import Secrets, leaks
from tests.support.signing import SIGNER
from tests.support.sniffing import Sniffer


@dataclass
class Watched:
    """A forwarder whose vault has two keys, and one who listens to the broker."""

    system: System
    sniffer: Sniffer

    def session(self) -> str:
        """Return a string session of a new account."""
        telegram = self.system.harness.telegram
        return telegram.mint_session(telegram.create_account(AccountSpec()).id)

    async def replay(self, body: bytes, kind: type[Command]) -> Accepted | Refusal:
        """Send the body of a command again, with other ids, as if the gateway signed it."""
        subject = subject_of(kind, self.system.harness.settings.nats_prefix)
        signed = SIGNER.sign(subject, body)
        answer = await self.sniffer.client.request(subject, body, timeout=DEADLINE_SECONDS, headers=signed)
        result = RESULT.validate_json(answer.data)
        assert isinstance(result, Accepted | Refusal)
        return result


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(
    postgres_server: EmbeddedPostgres,
    nats_server: EmbeddedNats,
    server_key: ServerKey,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Watched]:
    """Yield one forwarder for all tests."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(fresh_database(postgres_server, "forwarder"))
        telegram = await stack.enter_async_context(TelegramSandbox(port=free_port(), key=server_key))
        prefix = f"t{uuid4().hex[:8]}"
        settings = settings_of(database, nats_server.url, prefix, telegram).model_copy(
            update={"vault_keys": SecretStr(f"{vault_key()},{vault_key()}")}
        )
        harness = ForwarderHarness(await stack.enter_async_context(engine_of(database)), telegram, settings)
        await harness.prepare()
        logs = tmp_path_factory.mktemp("logs")
        system = await stack.enter_async_context(system_of(harness, settings, logs, postgres_server))
        # answered by the forwarder: with one who listens to all, the broker reports no missing responders
        await system.send(system.adding(ApplicationId(uuid4()), 900, HASH))
        yield Watched(system, await stack.enter_async_context(Sniffer(nats_server.url)))


@pytest.mark.parametrize("as_file", [False, True], ids=["as a string", "as a file"])
async def test_who_reads_all_of_the_broker_sees_no_session(watched: Watched, *, as_file: bool) -> None:
    system, text = watched.system, watched.session()
    session: Any = StringSession(text)  # of a library without types
    upload = system.importing(SessionId(uuid4()), file_with(session) if as_file else text)
    await system.send(upload)

    seen = await watched.sniffer.seen()
    assert any(str(upload.session).encode() in content for _, content in seen)
    assert leaks(Secrets({"text": text[1:], "key": session.auth_key.key}), seen) == []


def file_with(session: Any) -> str:  # noqa: ANN401 - of a library without types
    """Return a Telethon file with a session, as it is uploaded."""
    with sqlite3.connect(":memory:") as database:
        database.execute(
            "create table sessions (dc_id integer primary key, server_address text, port integer, "
            "auth_key blob, takeout_id integer)"
        )
        database.execute(
            "insert into sessions values (?, ?, ?, ?, null)",
            (session.dc_id, session.server_address, session.port, session.auth_key.key),
        )
        database.commit()
        return f"base64:{base64.b64encode(database.serialize()).decode()}"


async def test_who_reads_all_of_the_broker_sees_no_api_hash(watched: Watched) -> None:
    api_hash = secrets.token_hex(16)
    upload = watched.system.adding(ApplicationId(uuid4()), 901, api_hash)
    await watched.system.send(upload)
    stored = await watched.system.harness.engine.query(
        lambda sql: watched.system.harness.vault.application(sql, upload.pair)
    )
    assert stored is not None
    assert stored.api_hash == api_hash
    seen = await watched.sniffer.seen()
    assert any(str(upload.pair).encode() in content for _, content in seen)
    assert leaks(Secrets({"api_hash": api_hash}), seen) == []


async def test_a_captured_upload_is_refused_for_another_session(watched: Watched) -> None:
    system = watched.system
    upload = system.importing(SessionId(uuid4()), watched.session())
    await system.send(upload)
    stolen = upload.model_copy(update={"session": SessionId(uuid4())})
    moved = upload.model_copy(update={"pair": ApplicationId(uuid4())})
    for one in (stolen, moved):
        refused = await watched.replay(one.model_dump_json().encode(), ImportSession)
        assert isinstance(refused, Refusal)
        assert refused.code == "unopenable_secret"
    again = await watched.replay(upload.model_dump_json().encode(), ImportSession)
    assert isinstance(again, Accepted)
    imported = [one.session for one in await system.harness.events_of(SessionImported)]
    assert imported.count(upload.session) == 1
    assert stolen.session not in imported


async def test_a_captured_api_hash_is_refused_for_another_application(watched: Watched) -> None:
    upload = watched.system.adding(ApplicationId(uuid4()), 902, HASH)
    await watched.system.send(upload)
    for changed in ({"pair": ApplicationId(uuid4())}, {"api_id": 903}):
        body = upload.model_copy(update=changed).model_dump_json().encode()
        refused = await watched.replay(body, ImportApiPair)
        assert isinstance(refused, Refusal)
        assert refused.code == "unopenable_secret"
    as_session = ImportSession(session=SessionId(upload.pair), sealed=upload.sealed)
    assert (await watched.system.refusal(as_session)).code == "unopenable_secret"
    added = [one.api_id for one in await watched.system.harness.events_of(ApiPairImported)]
    assert added.count(902) == 1
    assert 903 not in added


async def test_what_is_sealed_to_the_key_that_is_being_replaced_is_accepted(watched: Watched) -> None:
    _, old = decode_keys(watched.system.harness.settings.vault_keys)
    session, text = SessionId(uuid4()), watched.session()
    sealed = public_key_of(old).seal(text.encode(), session_binding(session, None))
    await watched.system.send(ImportSession(session=session, sealed=sealed))


async def test_what_is_sealed_to_a_foreign_key_is_refused_with_what_to_do(watched: Watched) -> None:
    foreign, session = public_key_of(uuid4().bytes + uuid4().bytes), SessionId(uuid4())
    sealed = foreign.seal(watched.session().encode(), session_binding(session, None))
    refused = await watched.system.refusal(ImportSession(session=session, sealed=sealed))
    assert refused.code == "unknown_vault_key"
    assert foreign.name in refused.detail
    ours = watched.system.harness.vault.private_keys.public
    assert (
        f"`adrelay keygen --public` prints where the vault's keys are (the key {ours.name})" in refused.detail
    )
    assert str(ours) not in refused.detail, "a key is not to be taken from an answer"


async def test_a_gateway_of_the_previous_version_is_heard_counted_and_warned_of(watched: Watched) -> None:
    system, session, pair = watched.system, SessionId(uuid4()), ApplicationId(uuid4())
    text = watched.session()
    await system.send(ImportSession(session=session, content=SecretStr(text)))
    await system.send(ImportApiPair(pair=pair, api_id=904, api_hash=SecretStr(HASH)))
    assert session in [one.session for one in await system.harness.events_of(SessionImported)]
    said = [line for line in system.processes[0].output().splitlines() if "secret.in_clear" in line]
    assert [("ImportSession" in line, "ImportApiPair" in line) for line in said] == [
        (True, False),
        (False, True),
    ]
    planted = Secrets({"text": text[1:], "hash": HASH})
    assert len(leaks(planted, await watched.sniffer.seen())) == 2, "what is not sealed is found"
    assert leaks(planted, [("log", "\n".join(said).encode())]) == []
