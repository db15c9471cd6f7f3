"""Telegram's chats, as the forwarder knows them."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 - chats and answers are TL objects

import re
from collections.abc import Iterable
from typing import Any

from telethon.tl import types

from services.forwarder.ports import Chat, Peer

_NAME = re.compile("[a-z][a-z0-9_]{3,31}")
MOST_SEEN = 1000
"""How many chats of answers are remembered until somebody takes them."""


def chat_of(shown: Any) -> Chat | None:
    """Return a channel or group; None if it is a person, or can't be addressed by this account.

    Of a basic group that became a supergroup the latter is returned, of which little is known.
    """
    match shown:
        case types.Channel() if shown.access_hash is not None:
            return Chat(
                Peer(shown.id, shown.access_hash),
                names=tuple(f"@{name}" for name in map(str.lower, _names(shown)) if _NAME.fullmatch(name)),
                forum=bool(shown.forum),
                member=not shown.left,
                approval=bool(shown.join_request),
            )
        case types.ChannelForbidden():
            return Chat(Peer(shown.id, shown.access_hash), member=False)
        case types.Chat() if isinstance(shown.migrated_to, types.InputChannel):
            return Chat(Peer(shown.migrated_to.channel_id, shown.migrated_to.access_hash))
        case types.Chat() if not shown.deactivated:
            return Chat(Peer(-shown.id, 0), forum=False, member=not shown.left)
        case _:
            return None


def _names(channel: Any) -> list[str]:
    more = [one.username for one in channel.usernames or () if one.active]
    return [channel.username, *more] if channel.username else more


def chats_in(shown: Iterable[Any]) -> list[Chat]:
    """Return the channels and groups among chats that this account can address."""
    return [chat for chat in map(chat_of, shown) if chat is not None]


def input_of(peer: Peer) -> Any:
    """Return the peer for a request."""
    return types.InputPeerChat(-peer.chat) if peer.chat < 0 else types.InputPeerChannel(peer.chat, peer.key)


class Seen:
    """The channels that answers showed, each as it was shown last."""

    def __init__(self) -> None:
        self._chats: dict[int, Chat] = {}

    def note(self, answer: Any) -> None:
        """Remember the channels of an answer, if it shows any whole."""
        for shown in getattr(answer, "chats", None) or ():
            if isinstance(shown, types.Channel) and not shown.min and len(self._chats) < MOST_SEEN:
                chat = chat_of(shown)
                if chat is not None:
                    self._chats[chat.peer.chat] = chat

    def take(self) -> list[Chat]:
        """Return and forget them."""
        chats, self._chats = self._chats, {}
        return list(chats.values())
