"""What MTProto itself asks for: salts, message ids, pings, containers, one key in one place."""

# ruff: noqa: ANN401 - Telethon ships no types

import asyncio
import sys
from typing import Any

import pytest

from sandbox.telegram import (
    AccountView,
    DuplicateKeys,
    JournalQuery,
    Policy,
    PostSpec,
    TelegramSandbox,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.conftest import Connect
from tests.integration.telegram_sandbox.plain_telethon import F, T, errors


async def whoami(client: Any) -> Any:
    return await client(F.users.GetUsersRequest([T.InputUserSelf()]))


def happened(sandbox: TelegramSandbox, name: str) -> int:
    return len(sandbox.journal(JournalQuery(method=f"transport.{name}")))


async def test_a_rotated_salt_is_learned_without_losing_a_call(sandbox: TelegramSandbox, client: Any) -> None:
    before = happened(sandbox, "bad_salt")
    for _ in range(3):
        sandbox.rotate_salts()
        assert await whoami(client)
    assert happened(sandbox, "bad_salt") >= before + 3


async def test_salts_that_age_quickly_do_not_hurt(sandbox: TelegramSandbox, client: Any) -> None:
    sandbox.set_policy(Policy(salt_seconds=0.05))
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while happened(sandbox, "bad_salt") < 3:
                assert await whoami(client)
                await asyncio.sleep(0.12)  # longer than two salts live: the time is the subject here
    finally:
        sandbox.set_policy(Policy(salt_seconds=1800))


async def test_a_client_can_ask_for_salts(client: Any) -> None:
    answer = await client._sender.send(F.GetFutureSaltsRequest(1))
    assert len(answer.salts) == 1


@pytest.mark.parametrize("seconds", [-1000, 1000])
async def test_a_clock_that_is_wrong_is_corrected(
    sandbox: TelegramSandbox, client: Any, seconds: int
) -> None:
    client._sender._state.time_offset = seconds
    client._sender._state._last_msg_id = 0
    assert await whoami(client)
    assert happened(sandbox, "bad_message_id") >= 1
    assert abs(client._sender._state.time_offset) < 5


async def test_pings_are_answered(client: Any) -> None:
    assert (await client._sender.send(F.PingRequest(77))).ping_id == 77
    assert (await client._sender.send(F.PingDelayDisconnectRequest(78, 60))).ping_id == 78


async def test_who_promised_to_ping_and_does_not_is_left(client: Any) -> None:
    await client._sender.send(F.PingDelayDisconnectRequest(1, 0))
    async with asyncio.timeout(DEADLINE_SECONDS):
        with pytest.raises(ConnectionError):
            await client._sender.disconnected


async def test_many_calls_at_once_travel_in_containers_and_are_all_answered(
    sandbox: TelegramSandbox, client: Any
) -> None:
    answers = await asyncio.gather(*(whoami(client) for _ in range(250)))
    assert len(answers) == 250
    calls = sandbox.journal(JournalQuery(method="users.getUsers"))
    assert len(calls) >= 250


async def test_large_answers_and_large_requests_are_packed(
    sandbox: TelegramSandbox, client: Any, source: Any, target: Any, news: Any, group: Any
) -> None:
    del source
    sandbox.post(news.id, PostSpec(text="long " * 700))
    (post,) = await client.get_messages(news.username, limit=1)
    assert post.message.startswith("long long")
    await client.send_message(target, "words " * 500)
    assert sandbox.messages(group.id)[-1].text.startswith("words words")


async def test_one_key_over_two_connections_ends_the_key(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    first = await connect(session)
    with pytest.raises(errors.AuthKeyDuplicatedError):
        await connect(session)
    with pytest.raises((errors.AuthKeyNotFound, ConnectionError, asyncio.CancelledError)):
        await whoami(first)
    (view,) = sandbox.sessions(account.id)
    assert view.ever_held_twice
    assert view.destroyed
    assert view.id in {one.id for one in sandbox.held_twice()}
    assert happened(sandbox, "duplicate_key") == 1


async def test_the_same_key_may_be_used_again_after_a_disconnect(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    for _ in range(5):
        client = await connect(session)
        assert await whoami(client)
        await client.disconnect()
    (view,) = sandbox.sessions(account.id)
    assert not view.ever_held_twice


async def test_duplicate_keys_can_be_allowed_and_are_still_noticed(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    sandbox.set_policy(Policy(duplicate_keys=DuplicateKeys.ALLOW))
    try:
        first, second = await connect(session), await connect(session)
        assert await whoami(first)
        assert await whoami(second)
    finally:
        sandbox.set_policy(Policy(duplicate_keys=DuplicateKeys.REJECT))
    (view,) = sandbox.sessions(account.id)
    assert (view.connections, view.ever_held_twice, view.destroyed) == (2, True, False)


async def test_a_client_comes_back_by_itself_after_a_dropped_connection(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    client = await connect(sandbox.mint_session(account.id), auto_reconnect=True, retry_delay=0)
    assert sandbox.drop_connections(account.id) == 1
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await whoami(client)
    (view,) = sandbox.sessions(account.id)
    assert not view.ever_held_twice


async def test_a_method_the_server_does_not_speak_is_refused_by_name(
    sandbox: TelegramSandbox, client: Any
) -> None:
    with pytest.raises(errors.MethodInvalidError):
        await client(F.help.GetSupportRequest())
    assert sandbox.journal()[-1].method == "help.getSupport"


async def test_another_layer_and_a_missing_introduction_are_refused(
    sandbox: TelegramSandbox, account: AccountView, client: Any
) -> None:
    with pytest.raises(errors.ConnectionLayerInvalidError):
        await client._sender.send(F.InvokeWithLayerRequest(5, F.help.GetConfigRequest()))
    for session in sandbox.core.sessions.of_account(account.id):
        session.initialised = False
    with pytest.raises(errors.ConnectionNotInitedError):
        await whoami(client)


HOLDER = """
import asyncio, sys
from telethon import TelegramClient
from telethon.sessions import StringSession

async def hold():
    client = TelegramClient(StringSession(sys.stdin.readline().strip()), 1, "hash", receive_updates=False)
    await client.connect()
    print("held", flush=True)
    await asyncio.sleep(60)

asyncio.run(hold())
"""


async def test_a_killed_process_lets_go_of_its_key_at_once(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    holder = await asyncio.create_subprocess_exec(sys.executable, "-c", HOLDER, stdin=-1, stdout=-1)
    assert holder.stdin is not None
    assert holder.stdout is not None
    async with asyncio.timeout(DEADLINE_SECONDS):
        holder.stdin.write(session.encode() + b"\n")
        assert await holder.stdout.readline() == b"held\n"
        holder.kill()
        await holder.wait()
        assert await whoami(await connect(session))
    assert not sandbox.sessions(account.id)[0].ever_held_twice


async def test_the_server_can_be_stopped_and_started_again(connect: Connect) -> None:
    sandbox = TelegramSandbox()
    account = sandbox.create_account()
    for _ in range(2):
        async with sandbox:
            client = await connect(sandbox.mint_session(account.id))
            assert await whoami(client)
            await client.disconnect()
