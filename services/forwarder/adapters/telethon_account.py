"""What the forwarder does in Telegram, as raw requests of Telethon's."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 - requests and answers are TL objects

from collections.abc import Iterable, Sequence
from typing import Any

from telethon.crypto import rsa
from telethon.tl import functions, types

from libs.events.values import GroupRef
from services.forwarder.adapters.telethon_client import TelethonConnection
from services.forwarder.ports import Identity, Peer, Target, TelegramError
from services.forwarder.settings import ForwarderSettings
from services.forwarder.telegram_errors import NOT_A_GROUP, NOT_A_MEMBER
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import TelegramApplication

PRODUCTION = {
    1: "149.154.175.53",
    2: "149.154.167.51",
    3: "149.154.175.100",
    4: "149.154.167.91",
    5: "91.108.56.130",
}
"""Telegram's data centres. No address is ever taken from an upload: it could be anybody's."""
PRODUCTION_PORT = 443
ALBUM_REACH = 9
"""An album has ten messages at most, so its others stand this near."""


class TelethonTelegram:
    """Telegram's own data centres, or the one server that the settings name."""

    def __init__(self, settings: ForwarderSettings) -> None:
        self._settings = settings
        if settings.telegram_public_key_file is not None:
            # process-wide: Telethon knows no other way
            rsa.add_key(settings.telegram_public_key_file.read_text(), old=False)

    def knows(self, dc: int) -> bool:
        """Say whether there is such a data centre."""
        return bool(self._settings.telegram_host) or dc in PRODUCTION

    def account(self, session: SessionKey, application: TelegramApplication) -> "TelethonAccount":
        """Return the account of a session, not connected yet."""
        settings = self._settings
        if settings.telegram_host:
            address, dc = (settings.telegram_host, settings.telegram_port), settings.telegram_dc
        else:
            address, dc = (PRODUCTION[session.dc], PRODUCTION_PORT), session.dc
        return TelethonAccount(
            session,
            application,
            address,
            dc,
            connect_seconds=settings.connect_seconds,
            request_seconds=settings.request_seconds,
        )


class TelethonAccount(TelethonConnection):
    """A signed-in session; see `ports.Account`. It is the only one that uses its connection."""

    async def identity(self) -> Identity:
        """Return who this is: asked for, because Telethon goes on believing in a revoked session."""
        found = await self.ask(functions.users.GetUsersRequest([types.InputUserSelf()]))
        user = found[0] if found else None
        if not isinstance(user, types.User):
            raise TelegramError("AUTH_KEY_UNREGISTERED")
        return Identity(user.id, masked(user.phone or ""))

    async def resolve(self, ref: GroupRef) -> Peer:
        """Return the channel or group of a public name or an invite link that the account is behind."""
        if ref.startswith("@"):
            answer = await self.ask(functions.contacts.ResolveUsernameRequest(ref[1:]))
            chats = [chat for chat in answer.chats if _is(answer.peer, chat)]
        else:
            answer = await self.ask(functions.messages.CheckChatInviteRequest(ref[1:]))
            if not isinstance(answer, types.ChatInviteAlready):
                raise TelegramError(NOT_A_MEMBER)
            chats = [answer.chat]
        peers = _peers(chats)
        if not peers:
            raise TelegramError(NOT_A_GROUP)
        return next(iter(peers.values()))

    async def dialogs(self) -> dict[int, Peer]:
        """Return the channels and groups that the account is in, by their id."""
        return _peers(await self.chats())

    async def album(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending: several, if it is an album."""
        near = range(max(1, message - ALBUM_REACH), message + ALBUM_REACH + 1)
        channel = types.InputChannel(source.channel, source.access_hash)
        ids: list[Any] = [types.InputMessageID(number) for number in near]
        answer = await self.ask(functions.channels.GetMessagesRequest(channel, ids))
        found = {one.id: one for one in answer.messages if isinstance(one, types.Message)}
        if message not in found:
            raise TelegramError("MESSAGE_ID_INVALID")
        album = found[message].grouped_id
        if album is None:
            return (message,)
        return tuple(sorted(number for number, one in found.items() if one.grouped_id == album))

    async def forward(
        self, source: Peer, messages: tuple[int, ...], random_ids: tuple[int, ...], target: Target
    ) -> tuple[int, ...]:
        """Forward a post whole and return the ids that it has in the target."""
        request = functions.messages.ForwardMessagesRequest(
            from_peer=_input(source),
            id=list(messages),
            to_peer=_input(target.peer),
            random_id=list(random_ids),
            top_msg_id=target.topic,
        )
        return _written(await self.ask(request), random_ids)

    async def write(self, text: str, random_id: int, target: Target) -> tuple[int, ...]:
        """Send a text and return the id that it has in the target."""
        request = functions.messages.SendMessageRequest(
            peer=_input(target.peer),
            message=text,
            random_id=random_id,
            reply_to=None if target.topic is None else types.InputReplyToMessage(target.topic),
        )
        return _written(await self.ask(request), [random_id])


def masked(phone: str) -> str:
    """Return a phone number with its middle hidden."""
    return f"+{phone[:2]}…{phone[-2:]}" if phone else ""


def _is(peer: Any, chat: Any) -> bool:
    return isinstance(peer, types.PeerChannel) and peer.channel_id == chat.id


def _peers(chats: Iterable[Any]) -> dict[int, Peer]:
    """Return those that are channels or supergroups, and that this account may name."""
    kinds = (types.Channel, types.ChannelForbidden)
    return {
        chat.id: Peer(chat.id, chat.access_hash)
        for chat in chats
        if isinstance(chat, kinds) and chat.access_hash is not None
    }


def _input(peer: Peer) -> Any:
    return types.InputPeerChannel(peer.channel, peer.access_hash)


def _written(answer: Any, random_ids: Sequence[int]) -> tuple[int, ...]:
    if isinstance(answer, types.UpdateShortSentMessage):
        return (answer.id,)
    ids = {
        update.random_id: update.id
        for update in getattr(answer, "updates", ())
        if isinstance(update, types.UpdateMessageID)
    }
    return tuple(ids[number] for number in random_ids if number in ids)
