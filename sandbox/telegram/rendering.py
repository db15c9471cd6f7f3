"""Renders the world as TL objects for one viewer: access hashes and `out` depend on the viewer."""

from collections.abc import Iterable
from typing import Any

from sandbox.telegram.objects import Account, Chat, Draft, File, Message, Origin
from sandbox.telegram.specs import AccountState, Denied, Media, MemberStatus
from sandbox.telegram.tl import types
from sandbox.telegram.world import World

DC_ID = 2


class Renderer:
    """Turns accounts, chats and messages of a world into TL objects."""

    def __init__(self, world: World) -> None:
        self._world = world

    def user(self, account: Account, viewer: int) -> Any:  # noqa: ANN401 - a TL object
        """Return an account as seen by ``viewer``."""
        gone = account.state in {AccountState.BANNED, AccountState.DEACTIVATED}
        return types.User(
            id=account.id,
            is_self=account.id == viewer,
            deleted=gone,
            access_hash=self._world.access_hash(viewer, account.id),
            first_name=None if gone else account.name,
            username=account.username,
            phone=account.phone if account.id == viewer else None,
        )

    def users(self, accounts: Iterable[int | None], viewer: int) -> list[Any]:
        """Return each of the accounts once; nameless ones are left out."""
        known = dict.fromkeys(number for number in accounts if number is not None)
        return [self.user(self._world.accounts[number], viewer) for number in known]

    def chat(self, chat: Chat, viewer: int) -> Any:  # noqa: ANN401 - a TL object
        """Return a chat as seen by ``viewer``: `channelForbidden` for those who were removed from it."""
        if chat.basic:
            return self._basic(chat, viewer)
        access_hash = self._world.access_hash(viewer, chat.id)
        status = chat.status(viewer)
        if status is MemberStatus.BANNED:
            return types.ChannelForbidden(
                chat.id, access_hash, chat.title, broadcast=chat.broadcast, megagroup=not chat.broadcast
            )
        return types.Channel(
            id=chat.id,
            title=chat.title,
            photo=types.ChatPhotoEmpty(),
            date=chat.created,
            broadcast=chat.broadcast,
            megagroup=not chat.broadcast,
            username=None if chat.more_usernames else chat.username,
            usernames=_usernames(chat),
            access_hash=access_hash,
            left=status is None,
            noforwards=chat.noforwards,
            slowmode_enabled=chat.slow_mode_seconds > 0,
            join_to_send=chat.join_to_send,
            join_request=chat.join_request,
            forum=chat.has_topics,
            admin_rights=self._admin_rights(status),
            banned_rights=self._banned_rights(status),
            default_banned_rights=None if chat.broadcast else denied_rights(chat.denied),
        )

    def _basic(self, chat: Chat, viewer: int) -> Any:  # noqa: ANN401 - a TL object
        if chat.status(viewer) is MemberStatus.BANNED:
            return types.ChatForbidden(chat.id, chat.title)
        moved = None
        if chat.migrated_to is not None:
            access_hash = self._world.access_hash(viewer, chat.migrated_to)
            moved = types.InputChannel(chat.migrated_to, access_hash)
        return types.Chat(
            id=chat.id,
            title=chat.title,
            photo=types.ChatPhotoEmpty(),
            participants_count=len(chat.members),
            date=chat.created,
            version=1,
            left=chat.status(viewer) is None,
            deactivated=moved is not None,
            migrated_to=moved,
            default_banned_rights=denied_rights(chat.denied),
        )

    @staticmethod
    def _admin_rights(status: MemberStatus | None) -> Any:  # noqa: ANN401 - a TL object
        if status is not MemberStatus.ADMIN:
            return None
        return types.ChatAdminRights(post_messages=True, edit_messages=True, delete_messages=True)

    @staticmethod
    def _banned_rights(status: MemberStatus | None) -> Any:  # noqa: ANN401 - a TL object
        return denied_rights([Denied.SEND_MESSAGES]) if status is MemberStatus.RESTRICTED else None

    def message(self, message: Message, viewer: int) -> Any:  # noqa: ANN401 - a TL object
        """Return a message as seen by ``viewer``."""
        draft = message.draft
        chat = self._world.chats[message.chat]
        signed = draft.sender is not None and not chat.broadcast
        return types.Message(
            id=message.id,
            peer_id=peer(chat),
            date=message.date,
            message=draft.text,
            out=draft.sender == viewer,
            post=chat.broadcast,
            from_id=types.PeerUser(draft.sender) if signed else None,
            fwd_from=forward_header(draft.forwarded_from),
            reply_to=_reply_header(draft, forum=chat.has_topics),
            media=None if draft.file is None else media(draft.file, message),
            entities=list(draft.entities),
            grouped_id=draft.grouped_id,
            noforwards=chat.noforwards,
        )

    def new_message(self, message: Message, viewer: int) -> Any:  # noqa: ANN401 - a TL object
        """Return the update for ``viewer`` about a message."""
        if self._world.chats[message.chat].basic:
            return types.UpdateNewMessage(self.message(message, viewer), message.pts, 1)
        return types.UpdateNewChannelMessage(self.message(message, viewer), message.pts, 1)

    def around(self, messages: Iterable[Message], viewer: int) -> tuple[list[Any], list[Any]]:
        """Return the users and chats that a client needs for these messages."""
        accounts: list[int | None] = []
        chats: dict[int, None] = {}
        for message in messages:
            origin = message.draft.forwarded_from
            accounts.append(message.draft.sender)
            accounts.append(origin.account if origin else None)
            chats[message.chat] = None
            if origin and origin.chat is not None:
                chats[origin.chat] = None
        return self.users(accounts, viewer), [self.chat(self._world.chats[one], viewer) for one in chats]


def peer(chat: Chat) -> Any:  # noqa: ANN401 - a TL object
    """Return the peer of a chat."""
    return types.PeerChat(chat.id) if chat.basic else types.PeerChannel(chat.id)


def _usernames(chat: Chat) -> list[Any] | None:
    """Return all public names of a chat that has several; one alone is in `username` instead."""
    if not chat.more_usernames:
        return None
    first = [] if chat.username is None else [types.Username(chat.username, editable=True, active=True)]
    return [*first, *(types.Username(name, active=True) for name in chat.more_usernames)]


def denied_rights(denied: Iterable[Denied]) -> Any:  # noqa: ANN401 - a TL object
    """Return the banned rights without these, for ever."""
    return types.ChatBannedRights(until_date=None, **{right.value: True for right in denied})


def forward_header(origin: Origin | None) -> Any:  # noqa: ANN401 - a TL object
    """Return the header of a forwarded message with its origin."""
    if origin is None:
        return None
    author = types.PeerUser(origin.account) if origin.chat is None else types.PeerChannel(origin.chat)
    return types.MessageFwdHeader(date=origin.date, from_id=author, channel_post=origin.post)


def media(file: File, message: Message) -> Any:  # noqa: ANN401 - a TL object
    """Return the stub as a photo or a document without bytes."""
    if file.kind is Media.PHOTO:
        sizes = [types.PhotoSize("x", 800, 600, 0)]
        photo = types.Photo(file.id, file.id, b"sandbox", message.date, sizes, DC_ID)
        return types.MessageMediaPhoto(photo=photo)
    name = types.DocumentAttributeFilename(file.name)
    kind = "application/octet-stream"
    document = types.Document(file.id, file.id, b"sandbox", message.date, kind, 0, DC_ID, [name])
    return types.MessageMediaDocument(document=document)


def _reply_header(draft: Draft, *, forum: bool) -> Any:  # noqa: ANN401 - a TL object
    if draft.topic is None and draft.reply_to is None:
        return None
    return types.MessageReplyHeader(
        forum_topic=forum and draft.topic is not None,
        reply_to_msg_id=draft.reply_to or draft.topic,
        reply_to_top_id=draft.topic if draft.reply_to else None,
    )
