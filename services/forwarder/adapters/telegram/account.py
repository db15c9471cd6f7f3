"""The forwarder's actions in Telegram, as raw requests of Telethon."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 - requests and answers are TL objects

from collections.abc import Mapping, Sequence
from typing import Any

from telethon.tl import functions, types

from libs.events.chat_ids import private_ref
from libs.events.values import GroupRef, TextPost
from services.forwarder.adapters.telegram.chats import Seen, chat_of, chats_in, input_of
from services.forwarder.adapters.telegram.connection import TelethonConnection
from services.forwarder.adapters.telegram.error_table import GONE, NOT_A_GROUP
from services.forwarder.adapters.telegram.errors import TelegramError
from services.forwarder.adapters.telegram.formatting import formatted
from services.forwarder.adapters.telegram.newest import newest
from services.forwarder.ports import AwaitsApproval, Chat, Identity, NotAMember, Peer, Target, TooManyChats

ALBUM_REACH = 9
"""An album has ten messages at most, whose ids are this close to each other."""


class TelethonAccount(TelethonConnection):
    """A signed-in session, with a connection of its own; see `ports.Account`."""

    _seen: Seen | None = None

    async def ask(self, request: Any) -> Any:
        """Send a request once and return the answer; the chats that it shows are remembered."""
        answer = await super().ask(request)
        self._seen = self._seen or Seen()
        self._seen.note(answer)
        return answer

    def take_seen(self) -> Sequence[Chat]:
        """Return the chats that answers showed since the last call."""
        return () if self._seen is None else self._seen.take()

    async def identity(self) -> Identity:
        """Return the session's user, always from Telegram: Telethon does not notice a revoked session."""
        found = await self.ask(functions.users.GetUsersRequest([types.InputUserSelf()]))
        user = found[0] if found else None
        if not isinstance(user, types.User):
            raise TelegramError("AUTH_KEY_UNREGISTERED")
        return Identity(user.id, masked(user.phone or ""))

    async def resolve(self, ref: GroupRef) -> Chat:
        """Return the channel or group of a public name, or of the invite link by which it was joined."""
        if ref.startswith("@"):
            answer = await self.ask(functions.contacts.ResolveUsernameRequest(ref[1:]))
            chats = [chat for chat in answer.chats if _is(answer.peer, chat)]
        else:
            answer = await self.ask(functions.messages.CheckChatInviteRequest(ref[1:]))
            if not isinstance(answer, types.ChatInviteAlready):
                raise NotAMember
            chats = [answer.chat]
        found = chats_in(chats)
        if not found:
            raise TelegramError(NOT_A_GROUP)
        return found[0]

    async def chats(self) -> dict[GroupRef, Chat]:
        """Return the channels and supergroups that the account is a member of, by their private ids."""
        found = chats_in(await self.dialogs())
        return {private_ref(chat.peer.chat): chat for chat in found if chat.peer.chat > 0}

    async def look(self, peer: Peer) -> Chat | None:
        """Return a known chat as it is now; None if it is gone, or the account was removed from it."""
        try:
            if peer.chat > 0:
                channel = types.InputChannel(peer.chat, peer.key)
                answer = await self.ask(functions.channels.GetChannelsRequest([channel]))
            else:
                answer = await self.ask(functions.messages.GetChatsRequest([-peer.chat]))
        except TelegramError as error:
            if error.name in GONE:
                return None
            raise
        shown = answer.chats[0] if answer.chats else None
        if isinstance(shown, types.ChannelForbidden):
            return None
        found = chat_of(shown)
        if found is not None and found.peer.chat != peer.chat:
            return await self.look(found.peer)
        return found

    async def join(self, chat: GroupRef | Peer) -> Chat:
        """Join a chat, by an invite link or as a known peer, and return it."""
        if isinstance(chat, Peer):
            request = functions.channels.JoinChannelRequest(types.InputChannel(chat.chat, chat.key))
        else:
            request = functions.messages.ImportChatInviteRequest(chat[1:])
        try:
            answer = await self.ask(request)
        except TelegramError as error:
            if error.name == "INVITE_REQUEST_SENT":
                raise AwaitsApproval from None
            if error.name == "CHANNELS_TOO_MUCH":
                raise TooManyChats from None
            if error.name != "USER_ALREADY_PARTICIPANT":
                raise
            joined = None
        else:
            if isinstance(answer, types.messages.ChatInviteJoinResultOk):
                answer = answer.updates
            joined = next(iter(chats_in(getattr(answer, "chats", None) or ())), None)
        if joined is None:
            joined = await (self.look(chat) if isinstance(chat, Peer) else self.resolve(chat))
        if joined is None:
            raise NotAMember
        return joined

    async def fetch(self, source: Peer, message: int) -> tuple[int, ...]:
        """Return the ids of a post's messages, ascending; an album has several."""
        near = range(max(1, message - ALBUM_REACH), message + ALBUM_REACH + 1)
        channel = types.InputChannel(source.chat, source.key)
        ids: list[Any] = [types.InputMessageID(number) for number in near]
        answer = await self.ask(functions.channels.GetMessagesRequest(channel, ids))
        found = {one.id: one for one in answer.messages if isinstance(one, types.Message)}
        if message not in found:
            raise TelegramError("MESSAGE_ID_INVALID")
        album = found[message].grouped_id
        if album is None:
            return (message,)
        return tuple(sorted(number for number, one in found.items() if one.grouped_id == album))

    async def inspect(self, source: Peer, messages: Sequence[int]) -> dict[int, bool]:
        """Return which of these messages of a channel exist, each with whether it may be forwarded."""
        channel = types.InputChannel(source.chat, source.key)
        ids: list[Any] = [types.InputMessageID(number) for number in messages]
        answer = await self.ask(functions.channels.GetMessagesRequest(channel, ids))
        protected = any(getattr(chat, "noforwards", False) for chat in answer.chats if chat.id == source.chat)
        return {
            one.id: not (protected or bool(one.noforwards))
            for one in answer.messages
            if isinstance(one, types.Message)
        }

    async def forward(
        self,
        source: Peer,
        messages: tuple[int, ...],
        keys: tuple[int, ...],
        target: Target,
        *,
        author: bool = True,
    ) -> tuple[int, ...]:
        """Forward all messages of a post and return their ids in the target."""
        request = functions.messages.ForwardMessagesRequest(
            from_peer=input_of(source),
            id=list(messages),
            to_peer=input_of(target.peer),
            random_id=list(keys),
            top_msg_id=target.topic,
            drop_author=not author,
        )
        return _written(await self.ask(request), keys)

    async def write(self, post: TextPost, key: int, target: Target) -> tuple[int, ...]:
        """Send a text, formatted, and return its message id in the target."""
        text, entities = formatted(post)
        request = functions.messages.SendMessageRequest(
            peer=input_of(target.peer),
            message=text,
            entities=entities,
            random_id=key,
            reply_to=None if target.topic is None else types.InputReplyToMessage(target.topic),
        )
        return _written(await self.ask(request), [key])

    async def newest(self, targets: Sequence[Target]) -> Mapping[Target, int]:
        """Return the ids of the newest messages in targets; those that can't be read are left out."""
        return await newest(self.ask, targets)

    async def delete(self, chat: Peer, messages: Sequence[int]) -> None:
        """Delete messages that the account has sent to a chat; those that are gone are ignored."""
        channel = types.InputChannel(chat.chat, chat.key)
        await self.ask(functions.channels.DeleteMessagesRequest(channel, list(messages)))


def masked(phone: str) -> str:
    """Return a phone number with its middle masked."""
    return f"+{phone[:2]}…{phone[-2:]}" if phone else ""


def _is(peer: Any, chat: Any) -> bool:
    return isinstance(peer, types.PeerChannel) and peer.channel_id == chat.id


def _written(answer: Any, random_ids: Sequence[int]) -> tuple[int, ...]:
    if isinstance(answer, types.UpdateShortSentMessage):
        return (answer.id,)
    ids = {
        update.random_id: update.id
        for update in getattr(answer, "updates", ())
        if isinstance(update, types.UpdateMessageID)
    }
    return tuple(ids[number] for number in random_ids if number in ids)
