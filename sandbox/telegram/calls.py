"""A client's call: its caller, its arguments' peers, and the table of methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from sandbox.telegram.core import Core
from sandbox.telegram.errors import RpcError
from sandbox.telegram.feed import Listener
from sandbox.telegram.journal import Entry
from sandbox.telegram.objects import Account, Chat
from sandbox.telegram.rights import require_readable
from sandbox.telegram.sessions import Session
from sandbox.telegram.specs import AccountState
from sandbox.telegram.tl import types


@dataclass(frozen=True, slots=True)
class Call:
    """One call with everything that a handler may need. ``entry`` is its journal entry."""

    core: Core
    session: Session
    listener: Listener
    entry: Entry

    @property
    def account(self) -> Account:
        """The caller; raises the error for a session without an account."""
        if self.session.account is None:
            raise RpcError("AUTH_KEY_UNREGISTERED")
        return self.core.world.accounts[self.session.account]

    def chat(self, peer: Any, *, readable: bool = True) -> Chat:  # noqa: ANN401 - a TL object
        """Return the channel or group of an input peer, if the caller has met it and may read it."""
        if isinstance(peer, types.InputPeerChat):
            return self.basic(peer.chat_id)
        if not isinstance(peer, types.InputPeerChannel | types.InputChannel):
            raise RpcError("PEER_ID_INVALID")
        chat = self.core.world.chats.get(peer.channel_id)
        account = self.account
        if chat is None or peer.access_hash != self.core.world.access_hash(account.id, chat.id):
            raise RpcError("CHANNEL_INVALID")
        if account.state is AccountState.FROZEN and not chat.inside(account.id):
            raise RpcError("FROZEN_PARTICIPANT_MISSING")
        if readable:
            require_readable(chat, account.id)
        return chat

    def basic(self, number: int) -> Chat:
        """Return a basic group that the caller is a member of, unless it became a supergroup."""
        chat = self.core.world.chats.get(number)
        if chat is None or not chat.basic or chat.status(self.account.id) is None:
            raise RpcError("PEER_ID_INVALID")
        if chat.migrated_to is not None:
            raise RpcError("CHAT_ID_INVALID")
        require_readable(chat, self.account.id)
        return chat


Handler = Callable[[Call, Any], Any]


class Method(NamedTuple):
    """A method of the server."""

    name: str
    handler: Handler
    signed_in: bool
    writes: bool


METHODS: dict[str, Method] = {}


def method(name: str, *, signed_in: bool = True, writes: bool = False) -> Callable[[Handler], Handler]:
    """Register the handler of a method; frozen accounts may not call one that writes."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = Method(name, handler, signed_in, writes)
        return handler

    return register
