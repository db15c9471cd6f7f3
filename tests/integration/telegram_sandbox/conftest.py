"""One sandbox for all tests of this folder; each test creates its own accounts and chats."""

# ruff: noqa: ANN401 - Telethon ships no types

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.telegram import (
    AccountSpec,
    AccountView,
    ChannelSpec,
    ChatView,
    ControlServer,
    GroupSpec,
    PostSpec,
    TelegramSandbox,
    TelegramSandboxControl,
)
from tests.integration.telegram_sandbox.plain_telethon import API_HASH, API_ID, Client, StringSession, rsa

_numbers = itertools.count(1)

Connect = Callable[..., Awaitable[Any]]
MakeAccount = Callable[..., AccountView]
MakeChat = Callable[..., ChatView]


@pytest_asyncio.fixture(scope="session", name="server")
async def _server() -> AsyncIterator[TelegramSandbox]:
    async with TelegramSandbox() as sandbox:
        rsa.add_key(sandbox.public_key_pem, old=False)
        yield sandbox


@pytest.fixture
def sandbox(server: TelegramSandbox) -> Iterator[TelegramSandbox]:
    yield server
    assert "SANDBOX_FAILURE" not in {one.outcome for one in server.journal_counts()}
    server.clear_faults()
    server.clear_journal()


@pytest_asyncio.fixture(scope="session", name="control_server")
async def _control_server(server: TelegramSandbox) -> AsyncIterator[ControlServer]:
    control = ControlServer(server)
    await control.start()
    yield control
    await control.stop()


@pytest_asyncio.fixture
async def control(
    sandbox: TelegramSandbox, control_server: ControlServer
) -> AsyncIterator[TelegramSandboxControl]:
    del sandbox
    async with TelegramSandboxControl(control_server.url) as control:
        yield control


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connect plain Telethon with a session, given as text or as Telethon's object."""
    clients: list[Any] = []

    async def connected(session: Any, **options: Any) -> Any:
        options = {"receive_updates": False, "flood_sleep_threshold": 0, "auto_reconnect": False} | options
        options = {"raise_last_call_error": True, "request_retries": 1} | options
        holder = StringSession(session) if isinstance(session, str) else session
        client = Client(holder, API_ID, API_HASH, **options)
        clients.append(client)
        await client.connect()
        return client

    yield connected
    for client in clients:
        await client.disconnect()
        ended = client._sender._disconnected
        if ended.done() and not ended.cancelled():
            ended.exception()  # read, so that asyncio does not warn about it


@pytest.fixture
def account(sandbox: TelegramSandbox) -> AccountView:
    return sandbox.create_account(AccountSpec(name="Ada"))


@pytest_asyncio.fixture
async def client(sandbox: TelegramSandbox, account: AccountView, connect: Connect) -> Any:
    return await connect(sandbox.mint_session(account.id))


@pytest.fixture
def username() -> Callable[[], str]:
    return lambda: f"name_{next(_numbers):05}"


@pytest.fixture
def news(sandbox: TelegramSandbox, username: Callable[[], str]) -> ChatView:
    """Return a public channel with one post."""
    return sandbox.create_channel(ChannelSpec(username=username(), posts=[PostSpec(text="Hello")]))


@pytest.fixture
def make_group(
    sandbox: TelegramSandbox, account: AccountView, username: Callable[[], str]
) -> Callable[..., ChatView]:
    """Return a function that creates public groups, by default with the account as a member."""

    def make(**wanted: Any) -> ChatView:
        spec = {"username": username(), "members": [account.id]} | wanted
        return sandbox.create_group(GroupSpec.model_validate(spec))

    return make


@pytest.fixture
def group(make_group: MakeChat) -> ChatView:
    return make_group()


@pytest_asyncio.fixture
async def source(client: Any, news: ChatView) -> Any:
    return await client.get_input_entity(news.username)


@pytest_asyncio.fixture
async def target(client: Any, group: ChatView) -> Any:
    return await client.get_input_entity(group.username)
