"""Telethon, unmodified. It ships no types, so everything of it is `Any` in these tests."""

# ruff: noqa: ANN401 - Telethon ships no types

from typing import Any

import telethon
import telethon.crypto.rsa
import telethon.errors
import telethon.network
import telethon.sessions
import telethon.tl.alltlobjects
import telethon.tl.functions
import telethon.tl.types

T: Any = telethon.tl.types
F: Any = telethon.tl.functions
errors: Any = telethon.errors
events: Any = telethon.events
network: Any = telethon.network
LAYER: int = telethon.tl.alltlobjects.LAYER
rsa: Any = telethon.crypto.rsa
Client: Any = telethon.TelegramClient
StringSession: Any = telethon.sessions.StringSession

API_ID, API_HASH = 1, "a made-up hash"


def forward(source: Any, ids: list[int], target: Any, random_ids: list[int], **more: Any) -> Any:
    """Return the raw request, with random ids of the test's choice."""
    return F.messages.ForwardMessagesRequest(source, ids, target, random_id=random_ids, **more)
