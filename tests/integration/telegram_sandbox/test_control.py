"""The journal, the world document, and the controls over HTTP and on the command line."""

# ruff: noqa: ANN401 - Telethon ships no types

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.telegram import (
    AccountSpec,
    AccountState,
    AccountView,
    AlbumSpec,
    ChannelSpec,
    ChatKind,
    ChatSettings,
    ChatView,
    FaultSpec,
    GroupSpec,
    JournalQuery,
    MemberStatus,
    Policy,
    PostSpec,
    SandboxError,
    TelegramSandbox,
    TelegramSandboxControl,
    UnknownError,
    WorldSpec,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.conftest import Connect
from tests.integration.telegram_sandbox.plain_telethon import F, StringSession, T, errors, forward, rsa
from tests.support.forked import module

WORLD: dict[str, Any] = {
    "accounts": [{"id": 71, "name": "Ada", "phone": "+15550000071", "code": "11111"}, {"id": 72}],
    "channels": [
        {
            "id": 7100,
            "title": "News",
            "username": "world_news",
            "admins": [72],
            "posts": [{"text": "first"}, {"album": [{"text": "a"}, {"text": "b", "media": "document"}]}],
        }
    ],
    "groups": [
        {"id": 7200, "username": "world_group", "members": [71], "restricted": [72], "slow_mode_seconds": 5},
        {"id": 7300, "topics": [{"id": 3, "title": "Offers"}], "members": [71]},
    ],
    "faults": [{"account": 72, "name": "PEER_FLOOD"}],
    "policy": {"channel_limit": 3},
}


async def test_the_journal_says_who_asked_what_and_what_came_of_it(
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    news: ChatView,
    group: ChatView,
    source: Any,
    target: Any,
) -> None:
    await client(forward(source, [1], target, [41]))
    with pytest.raises(errors.MessageIdInvalidError):
        await client(forward(source, [9], target, [42]))
    first, second = sandbox.journal(JournalQuery(method="messages.forwardMessages"))
    assert (first.account, first.chat, first.source) == (account.id, group.id, news.id)
    assert (first.message_ids, first.random_ids, first.written_ids) == ([1], [41], [1])
    assert (first.outcome, second.outcome) == ("ok", "MESSAGE_ID_INVALID")
    assert first.session == sandbox.sessions(account.id)[0].id
    assert first.at.tzinfo is not None
    assert first.monotonic < second.monotonic
    counts = {(one.method, one.outcome): one.times for one in sandbox.journal_counts()}
    assert counts["messages.forwardMessages", "ok"] == 1
    assert sandbox.journal(JournalQuery(chat=news.marked_id, outcome="ok"))[-1] == first
    assert sandbox.journal(JournalQuery(after=first.number, account=account.id)) == [second]
    assert len(sandbox.journal(JournalQuery(limit=1))) == 1


async def test_the_journal_forgets_the_oldest_but_not_the_counts(connect: Connect) -> None:
    async with TelegramSandbox(journal_capacity=5) as sandbox:
        client = await connect(sandbox.mint_session(sandbox.create_account().id))
        for _ in range(20):
            await client(F.users.GetUsersRequest([T.InputUserSelf()]))
        assert len(sandbox.journal()) == 5
        assert {one.method: one.times for one in sandbox.journal_counts()}["users.getUsers"] >= 20
        await client.disconnect()


async def test_no_secret_is_in_the_journal_or_in_what_is_shown(
    sandbox: TelegramSandbox, account: AccountView, connect: Connect
) -> None:
    session = sandbox.mint_session(account.id)
    await connect(session)
    key = StringSession(session).auth_key.key
    shown = repr((sandbox.journal(), sandbox.sessions(), sandbox.core.sessions.all))
    assert key.hex() not in shown
    assert repr(key)[2:40] not in shown
    assert session not in shown


def test_a_world_document_makes_everything() -> None:
    sandbox = TelegramSandbox()
    sandbox.load(WorldSpec.model_validate(WORLD))
    assert [one.id for one in sandbox.accounts()] == [71, 72]
    news, group, forum = sandbox.chats()
    assert (news.kind, news.members, news.message_count) == (ChatKind.CHANNEL, {72: MemberStatus.ADMIN}, 3)
    assert group.members == {71: MemberStatus.MEMBER, 72: MemberStatus.RESTRICTED}
    assert [one.title for one in forum.topics] == ["Offers"]
    assert [one.text for one in sandbox.messages(7100)] == ["first", "a", "b"]
    assert len(sandbox.faults()) == 1


def test_what_can_not_be_is_refused_with_the_reason() -> None:
    sandbox = TelegramSandbox()
    sandbox.create_account(AccountSpec(id=5, phone="+15550000005", username="ada_here"))
    sandbox.create_channel(ChannelSpec(id=9, posts=[PostSpec(text="x", id=10)]))
    for refused, reason in (
        (lambda: sandbox.create_account(AccountSpec(id=5)), "already an account 5"),
        (lambda: sandbox.create_account(AccountSpec(phone="15550000005")), "with the phone"),
        (lambda: sandbox.create_group(GroupSpec(username="Ada_Here")), "is taken"),
        (lambda: sandbox.create_channel(ChannelSpec(id=9)), "already a chat 9"),
        (lambda: sandbox.post(9, PostSpec(text="x", id=4)), "already at message 10"),
        (lambda: sandbox.mint_session(5), "start the sandbox first"),
        (lambda: sandbox.create_group(GroupSpec(members=[404])), "no account 404"),
        (lambda: sandbox.messages(404), "no chat 404"),
        (lambda: sandbox.delete_message(9, 404), "no message 404"),
    ):
        with pytest.raises(SandboxError, match=reason):
            refused()
    assert len(sandbox.accounts()) == len(sandbox.chats()) == 1


async def test_everything_can_be_done_over_http(
    control: TelegramSandboxControl, connect: Connect, tmp_path: Path
) -> None:
    ada, bob = await control.create_account(AccountSpec(name="Ada")), await control.create_account()
    news = await control.create_channel(ChannelSpec(username=f"http_news_{ada.id}"))
    group = await control.create_group(GroupSpec(username=f"http_group_{ada.id}", members=[ada.id]))
    await control.post(news.id, PostSpec(text="one"))
    await control.post_album(news.marked_id, AlbumSpec(album=[PostSpec(text="a"), PostSpec(text="b")]))
    assert {ada.id, bob.id} <= {one.id for one in await control.accounts()}
    assert {news.id, group.id} <= {one.id for one in await control.chats()}

    client = await connect(await control.mint_session(ada.id))
    source, target = [await client.get_input_entity(one.username) for one in (news, group)]
    await client(forward(source, [1], target, [31]))
    await client(forward(source, [2, 3], target, [32, 33]))
    held = await control.messages(group.id)
    assert [one.text for one in held] == ["one", "a", "b"]
    assert held[0].forwarded_from is not None
    assert (held[0].forwarded_from.chat, held[0].sender) == (news.id, ada.id)
    assert [one.id for one in await control.messages(group.id, after=2)] == [3]
    await control.delete_message(group.id, 3)
    assert (await control.chat(group.marked_id)).message_count == 2

    fault = await control.inject_fault(FaultSpec(account=ada.id, chat=group.id, name="PEER_FLOOD"))
    with pytest.raises(errors.PeerFloodError):
        await client(forward(source, [1], target, [34]))
    assert [one.struck for one in await control.faults()] == [1]
    await control.remove_fault(fault.id)
    await control.clear_faults()
    entries = await control.journal(JournalQuery(account=ada.id, method="messages.forwardMessages"))
    assert [one.outcome for one in entries] == ["ok", "ok", "PEER_FLOOD"]
    assert any(one.outcome == "PEER_FLOOD" for one in await control.journal_counts())

    await control.change_chat(news.id, ChatSettings(noforwards=True))
    assert (await control.chat(news.id)).noforwards
    await control.set_member(group.id, bob.id, MemberStatus.RESTRICTED)
    assert bob.id not in (await control.remove_member(group.id, bob.id)).members
    assert (await control.set_account_state(bob.id, AccountState.BANNED)).state is AccountState.BANNED
    path = await control.write_session_file(ada.id, tmp_path / "ada")
    assert (await (await connect(path.with_suffix(""))).get_me()).id == ada.id
    assert len(await control.sessions(ada.id)) == 2
    assert ada.id not in {one.account for one in await control.held_twice()}
    await control.rotate_salts()
    await control.set_policy(Policy(channel_limit=500))
    assert await control.drop_connections(ada.id) == 2
    assert await control.revoke_sessions(ada.id) == 2
    assert await control.destroy_sessions(ada.id) == 2
    await control.load(WorldSpec(accounts=[AccountSpec(name="Loaded")]))
    await control.clear_journal()
    assert await control.journal() == []


async def test_refusals_come_through_http_as_the_same_errors(control: TelegramSandboxControl) -> None:
    account = await control.create_account()
    with pytest.raises(SandboxError, match="already an account"):
        await control.create_account(AccountSpec(id=account.id))
    with pytest.raises(UnknownError, match="no chat 404"):
        await control.messages(404)
    with pytest.raises(UnknownError, match="no fault"):
        await control.remove_fault(987654)


async def test_the_control_describes_itself_and_refuses_nonsense(control: TelegramSandboxControl) -> None:
    endpoint = await control.endpoint()
    assert endpoint.control_url == control.base_url
    async with httpx.AsyncClient(base_url=control.base_url, trust_env=False) as http:
        document = (await http.get("/openapi.json")).json()
        assert {"/accounts", "/groups", "/faults", "/journal", "/world"} <= set(document["paths"])
        assert (await http.post("/accounts", json={"nmae": "Ada"})).status_code == 422
        assert (await http.post("/accounts", content=b"\xff\xfe{")).status_code == 422
        assert (await http.get("/journal", params={"limit": 0})).status_code == 422


@asynccontextmanager
async def process(*arguments: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        *await module("sandbox.telegram", *arguments), stdout=-1, stderr=-1
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.wait()


async def test_the_command_runs_a_sandbox_until_it_is_told_to_end(tmp_path: Path, connect: Connect) -> None:
    world, ready = tmp_path / "world.json", tmp_path / "ready.json"
    world.write_text(json.dumps(WORLD))
    options = ("--port", "0", "--control-port", "0", "--world", str(world), "--ready-file", str(ready))
    async with asyncio.timeout(DEADLINE_SECONDS), process(*options) as running:
        assert running.stdout is not None
        said = json.loads(await running.stdout.readline())
        assert json.loads(ready.read_text()) == said
        assert sorted(said) == ["control_url", "dc_id", "host", "port", "public_key_file"]
        key_file = Path(said["public_key_file"])
        rsa.add_key(await asyncio.to_thread(key_file.read_text), old=False)
        session = StringSession()
        session.set_dc(said["dc_id"], said["host"], said["port"])
        client = await connect(session)
        await client.send_code_request("+15550000071")
        assert (await client.sign_in("+15550000071", "11111")).id == 71
        async with TelegramSandboxControl(said["control_url"]) as control:
            assert (await control.endpoint()).port == said["port"]
            minted = await connect(await control.mint_session(71))
            assert (await minted.get_messages("world_news", ids=1)).message == "first"
        await client.disconnect()
        await minted.disconnect()
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
        assert running.stderr is not None
        assert await running.stderr.read() == b""
        assert not await asyncio.to_thread(key_file.exists)


@pytest.mark.parametrize(
    "content", [None, b"\xff\xff", b'{"acounts": []}', b'{"groups": [{"members": [4]}]}']
)
async def test_the_command_says_what_is_wrong_with_a_world(tmp_path: Path, content: bytes | None) -> None:
    world = tmp_path / "world.json"
    if content is not None:
        world.write_bytes(content)
    async with asyncio.timeout(DEADLINE_SECONDS), process("--world", str(world)) as running:
        _, complaint = await running.communicate()
        assert running.returncode in {1, 2}
        assert b"Traceback" not in complaint
        assert b"world" in complaint or b"no account 4" in complaint
