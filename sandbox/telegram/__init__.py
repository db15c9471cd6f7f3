"""A Telegram for tests: a real MTProto server that the unmodified Telethon client talks to.

In process::

    async with TelegramSandbox() as sandbox:
        ada = sandbox.create_account(AccountSpec(name="Ada"))
        news = sandbox.create_channel(ChannelSpec(username="daily_news", posts=[PostSpec(text="Hello")]))
        group = sandbox.create_group(GroupSpec(members=[ada.id]))
        client = TelegramClient(StringSession(sandbox.mint_session(ada.id)), 1, "hash")

In a process of its own, started by ``adrelay sandbox telegram``: the same methods, awaited, on
``TelegramSandboxControl(control_url)``.
"""

from sandbox.telegram.client import TelegramSandboxControl
from sandbox.telegram.control import ControlServer, create_app
from sandbox.telegram.errors import SandboxError, UnknownError
from sandbox.telegram.models import (
    AccountView,
    ChatView,
    Count,
    Endpoint,
    FaultView,
    ForwardedFrom,
    JournalEntry,
    JournalQuery,
    MessageView,
    SessionView,
)
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import (
    AccountSpec,
    AccountState,
    AlbumSpec,
    ChannelSpec,
    ChatKind,
    ChatSettings,
    Denied,
    DuplicateKeys,
    FaultAction,
    FaultMoment,
    FaultSpec,
    GroupSpec,
    Media,
    MemberStatus,
    Policy,
    PostSpec,
    Repeats,
    TopicSpec,
    WorldSpec,
)

__all__ = [
    "AccountSpec",
    "AccountState",
    "AccountView",
    "AlbumSpec",
    "ChannelSpec",
    "ChatKind",
    "ChatSettings",
    "ChatView",
    "ControlServer",
    "Count",
    "Denied",
    "DuplicateKeys",
    "Endpoint",
    "FaultAction",
    "FaultMoment",
    "FaultSpec",
    "FaultView",
    "ForwardedFrom",
    "GroupSpec",
    "JournalEntry",
    "JournalQuery",
    "Media",
    "MemberStatus",
    "MessageView",
    "Policy",
    "PostSpec",
    "Repeats",
    "SandboxError",
    "SessionView",
    "TelegramSandbox",
    "TelegramSandboxControl",
    "TopicSpec",
    "UnknownError",
    "WorldSpec",
    "create_app",
]
