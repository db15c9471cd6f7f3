"""Live updates to subscribed connections."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

from sandbox.telegram import tl
from sandbox.telegram.objects import Chat, Message
from sandbox.telegram.rendering import Renderer


class Listener(Protocol):
    """A connection that subscribes to updates."""

    @property
    def account(self) -> int | None:
        """The account that is signed in now."""
        ...

    def push(self, body: bytes) -> None:
        """Send an update."""
        ...


class Feed:
    """Sends every subscribed connection the updates of its account's chats."""

    def __init__(self, renderer: Renderer) -> None:
        self._renderer = renderer
        self._listeners: defaultdict[int, set[Listener]] = defaultdict(set)

    def subscribe(self, listener: Listener, account: int) -> None:
        """Subscribe this connection; may be repeated."""
        self._listeners[account].add(listener)

    def unsubscribe(self, listener: Listener) -> None:
        """Unsubscribe this connection."""
        for listeners in self._listeners.values():
            listeners.discard(listener)

    def new_messages(self, chat: Chat, messages: Sequence[Message], skip: Listener | None = None) -> None:
        """Send messages, in one update, to all but their writer's connection."""

        def update(viewer: int) -> Any:  # noqa: ANN401 - a TL object
            users, chats = self._renderer.around(messages, viewer)
            return updates([self._renderer.new_message(one, viewer) for one in messages], users, chats)

        self._notify(chat.insiders(), update, skip)

    def deleted(self, chat: Chat, ids: Sequence[int], skip: Listener | None = None) -> None:
        """Send the deletion of messages."""

        def update(viewer: int) -> Any:  # noqa: ANN401 - a TL object
            change = tl.types.UpdateDeleteChannelMessages(chat.id, list(ids), chat.pts, len(ids))
            if chat.basic:
                change = tl.types.UpdateDeleteMessages(list(ids), chat.pts, len(ids))
            return updates([change], [], [self._renderer.chat(chat, viewer)])

        self._notify(chat.insiders(), update, skip)

    def chat_changed(self, chat: Chat, accounts: Iterable[int] | None = None) -> None:
        """Send the change of a chat, or of an account's place in it."""

        def update(viewer: int) -> Any:  # noqa: ANN401 - a TL object
            return updates([changed(chat)], [], [self._renderer.chat(chat, viewer)])

        self._notify(chat.insiders() if accounts is None else accounts, update, None)

    def _notify(
        self, accounts: Iterable[int], update: Callable[[int], object], skip: Listener | None
    ) -> None:
        for account in list(accounts):
            listeners = [one for one in self._listeners.get(account, ()) if one is not skip]
            if not listeners:
                continue
            body = tl.encode(update(account))
            for listener in listeners:
                if listener.account == account:
                    listener.push(body)


def changed(chat: Chat) -> Any:  # noqa: ANN401 - a TL object
    """Return the change of a chat."""
    return tl.types.UpdateChat(chat.id) if chat.basic else tl.types.UpdateChannel(chat.id)


def updates(changes: list[Any], users: list[Any], chats: list[Any]) -> Any:  # noqa: ANN401 - a TL object
    """Return the `updates` with these changes and the present date."""
    return tl.types.Updates(changes, users, chats, datetime.now(UTC), 0)
