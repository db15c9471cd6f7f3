"""What a listening client hears, and how it catches up."""

# ruff: noqa: ANN401 - Telethon ships no types

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.telegram import (
    AccountSpec,
    AccountView,
    AlbumSpec,
    ChatView,
    JournalQuery,
    PostSpec,
    TelegramSandbox,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.conftest import Connect, MakeChat
from tests.integration.telegram_sandbox.plain_telethon import F, T, events, forward


class Ear:
    """A client that listens, and what it heard."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    async def next(self) -> Any:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await self.heard.get()


@pytest.fixture
def listener(sandbox: TelegramSandbox, group: ChatView) -> AccountView:
    account = sandbox.create_account(AccountSpec(name="Eve"))
    sandbox.set_member(group.id, account.id)
    return account


@pytest_asyncio.fixture
async def ear(sandbox: TelegramSandbox, listener: AccountView, connect: Connect) -> AsyncIterator[Ear]:
    client = await connect(sandbox.mint_session(listener.id), receive_updates=True)
    ear = Ear(client)
    client.add_event_handler(ear.heard.put, events.NewMessage())
    yield ear


async def test_a_listener_hears_what_others_forward_and_what_is_posted(
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    ear: Ear,
) -> None:
    await client(forward(source, [1], target, [1]))
    event = await ear.next()
    assert (event.chat_id, event.raw_text, event.sender_id) == (group.marked_id, "Hello", account.id)
    assert (event.out, event.message.fwd_from.channel_post) == (False, 1)
    sandbox.post(group.id, PostSpec(text="anonymous"))
    assert (await ear.next()).raw_text == "anonymous"


async def test_an_album_is_heard_as_one(sandbox: TelegramSandbox, group: ChatView, ear: Ear) -> None:
    albums: asyncio.Queue[Any] = asyncio.Queue()
    ear.client.add_event_handler(albums.put, events.Album())
    sandbox.post_album(group.id, AlbumSpec(album=[PostSpec(text="one"), PostSpec(text="two")]))
    async with asyncio.timeout(DEADLINE_SECONDS):
        album = await albums.get()
    assert [one.raw_text for one in album.messages] == ["one", "two"]


async def test_a_deletion_is_heard(sandbox: TelegramSandbox, group: ChatView, ear: Ear) -> None:
    gone: asyncio.Queue[Any] = asyncio.Queue()
    ear.client.add_event_handler(gone.put, events.MessageDeleted())
    number = sandbox.post(group.id, PostSpec(text="soon gone")).id
    await ear.next()
    sandbox.delete_message(group.id, number)
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert (await gone.get()).deleted_ids == [number]


async def test_the_other_device_of_an_account_hears_its_own_messages(
    sandbox: TelegramSandbox, account: AccountView, client: Any, target: Any, connect: Connect
) -> None:
    device = Ear(await connect(sandbox.mint_session(account.id), receive_updates=True))
    device.client.add_event_handler(device.heard.put, events.NewMessage(outgoing=True))
    await client.send_message(target, "from the first device")
    assert (await device.next()).raw_text == "from the first device"


async def test_who_is_not_in_a_chat_or_wants_no_updates_is_sent_none(
    sandbox: TelegramSandbox,
    group: ChatView,
    listener: AccountView,
    ear: Ear,
    client: Any,
    target: Any,
    make_group: MakeChat,
) -> None:
    elsewhere = make_group(members=[listener.id])
    quiet: list[Any] = []
    client._sender._updates_queue.put_nowait = quiet.append
    sandbox.post(group.id, PostSpec(text="heard"))
    await ear.next()
    sandbox.remove_member(group.id, listener.id)
    sandbox.post(group.id, PostSpec(text="not heard"))
    sandbox.post(elsewhere.id, PostSpec(text="heard elsewhere"))
    assert (await ear.next()).raw_text == "heard elsewhere"
    assert await client.get_messages(target, limit=1)
    assert quiet == []


async def test_what_was_missed_is_caught_up_with(
    sandbox: TelegramSandbox, group: ChatView, ear: Ear, listener: AccountView
) -> None:
    for text in ("first", "second"):
        sandbox.post(group.id, PostSpec(text=text))
        assert (await ear.next()).raw_text == text
    sandbox.remove_member(group.id, listener.id)
    sandbox.post(group.id, PostSpec(text="missed"))
    sandbox.set_member(group.id, listener.id)
    sandbox.post(
        group.id, PostSpec(text="latest")
    )  # its pts shows the gap, so Telethon asks for the difference
    assert {(await ear.next()).raw_text, (await ear.next()).raw_text} == {"missed", "latest"}
    assert sandbox.journal(JournalQuery(method="updates.getChannelDifference"))


async def test_a_difference_comes_in_pieces_with_what_was_deleted(
    sandbox: TelegramSandbox, client: Any, group: ChatView, target: Any
) -> None:
    for number in range(5):
        sandbox.post(group.id, PostSpec(text=f"{number}"))
    sandbox.delete_message(group.id, 2)
    texts: list[str] = []
    deleted: list[int] = []
    pts, final = 1, False
    while not final:
        request = F.updates.GetChannelDifferenceRequest(target, T.ChannelMessagesFilterEmpty(), pts, 2)
        piece = await client(request)
        texts += [one.message for one in piece.new_messages]
        deleted += [number for one in piece.other_updates for number in one.messages]
        pts, final = piece.pts, piece.final
    assert (texts, deleted) == (["0", "2", "3", "4"], [2])
    request = F.updates.GetChannelDifferenceRequest(target, T.ChannelMessagesFilterEmpty(), pts, 2)
    assert isinstance(await client(request), T.updates.ChannelDifferenceEmpty)


async def test_updates_are_heard_again_after_a_reconnect(
    sandbox: TelegramSandbox, group: ChatView, listener: AccountView, connect: Connect
) -> None:
    client = await connect(
        sandbox.mint_session(listener.id), receive_updates=True, auto_reconnect=True, retry_delay=0
    )
    ear = Ear(client)
    client.add_event_handler(ear.heard.put, events.NewMessage())
    asked = JournalQuery(account=listener.id, method="users.getUsers")
    calls = len(sandbox.journal(asked))
    sandbox.drop_connections(listener.id)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while len(sandbox.journal(asked)) == calls:  # noqa: ASYNC110 - Telethon does not say that it is back
            await asyncio.sleep(0.02)
    sandbox.post(group.id, PostSpec(text="after"))
    assert (await ear.next()).raw_text == "after"
