"""`messages` and `channels`: reading dialogs, histories and single messages."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.objects import Chat, Message
from sandbox.telegram.rendering import peer
from sandbox.telegram.rights import GENERAL_TOPIC
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects

_NO_DATE = datetime.fromtimestamp(0, UTC)


@method("channels.getMessages")
def get_messages(call: Call, request: Any) -> Any:
    """Return the messages with these ids; unknown ones as `messageEmpty`."""
    chat, me = call.chat(request.channel), call.account.id
    numbers = [getattr(named, "id", 0) for named in request.id]
    found = [chat.messages[number] for number in numbers if number in chat.messages]
    shown = {message.id: call.core.renderer.message(message, me) for message in found}
    users, chats = _around(call, chat, found)
    return types.messages.ChannelMessages(
        pts=chat.pts,
        count=len(numbers),
        messages=[shown.get(one) or types.MessageEmpty(one, types.PeerChannel(chat.id)) for one in numbers],
        topics=[],
        chats=chats,
        users=users,
    )


@method("messages.getHistory")
def get_history(call: Call, request: Any) -> Any:
    """Return a page of a chat's messages, latest first."""
    chat, me = call.chat(request.peer), call.account.id
    page = _page(list(reversed(chat.messages.values())), request)
    users, chats = _around(call, chat, page)
    shown = [call.core.renderer.message(message, me) for message in page]
    return types.messages.ChannelMessages(
        pts=chat.pts, count=len(chat.messages), messages=shown, topics=[], chats=chats, users=users
    )


def _page(latest_first: Sequence[Message], request: Any) -> list[Message]:
    """Return the page of messages by the rules of https://core.telegram.org/api/offsets."""
    older = (at for at, message in enumerate(latest_first) if _is_before(message, request))
    start = next(older, len(latest_first)) + request.add_offset
    page = latest_first[max(start, 0) : max(start + request.limit, 0)]
    return [
        message
        for message in page
        if message.id > request.min_id and (not request.max_id or message.id < request.max_id)
    ]


def _is_before(message: Message, request: Any) -> bool:
    """Return whether a message is past the offset: by id if given, else by date; without both, at the end."""
    if request.offset_id:
        return bool(message.id < request.offset_id)
    before: datetime = request.offset_date or _NO_DATE
    return before == _NO_DATE or message.date < before


def _around(call: Call, chat: Chat, messages: Sequence[Message]) -> tuple[list[Any], list[Any]]:
    users, chats = call.core.renderer.around(messages, call.account.id)
    return users, chats or [call.core.renderer.chat(chat, call.account.id)]


@method("messages.getChats")
def get_chats(call: Call, request: Any) -> Any:
    """Return the named basic groups, also those that became supergroups."""
    found = [call.core.world.chats.get(number) for number in request.id]
    known = [chat for chat in found if chat is not None and chat.basic and chat.status(call.account.id)]
    if len(known) < len(found):
        raise RpcError("CHAT_ID_INVALID")
    return types.messages.Chats([call.core.renderer.chat(chat, call.account.id) for chat in known])


@method("messages.getDialogs")
def get_dialogs(call: Call, request: Any) -> Any:
    """Return the chats of the caller, the latest message first, a page at a time."""
    me, world = call.account.id, call.core.world
    chats = [chat for chat in world.chats.values() if chat.inside(me)]
    chats.sort(key=lambda chat: (_last_date(chat), chat.id), reverse=True)
    after = getattr(request.offset_peer, "channel_id", None) or getattr(request.offset_peer, "chat_id", None)
    skipped = next((at + 1 for at, chat in enumerate(chats) if chat.id == after), 0)
    page = chats[skipped : skipped + request.limit]
    tops = [chat.last for chat in page if chat.last]
    users, _ = call.core.renderer.around(tops, me)
    messages = [call.core.renderer.message(message, me) for message in tops]
    shown = [call.core.renderer.chat(chat, me) for chat in page]
    dialogs = [_dialog(chat) for chat in page]
    if len(page) == len(chats):
        return types.messages.Dialogs(dialogs, messages, shown, users)
    return types.messages.DialogsSlice(len(chats), dialogs, messages, shown, users)


def _last_date(chat: Chat) -> float:
    return (chat.last.date if chat.last else chat.created).timestamp()


def _dialog(chat: Chat) -> Any:
    return types.Dialog(
        peer=peer(chat),
        top_message=chat.last.id if chat.last else 0,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=types.PeerNotifySettings(),
        pts=chat.pts,
    )


@method("messages.getPeerDialogs")
def get_peer_dialogs(call: Call, request: Any) -> Any:
    """Return the dialogs of the named chats, as far as the caller is in them; one refusal refuses all."""
    if not request.peers:
        raise RpcError("INPUT_PEERS_EMPTY")
    me, renderer = call.account.id, call.core.renderer
    chats = [call.chat(getattr(named, "peer", None)) for named in request.peers]
    inside = [chat for chat in chats if chat.inside(me)]
    tops = [chat.last for chat in inside if chat.last]
    users, _ = renderer.around(tops, me)
    return types.messages.PeerDialogs(
        dialogs=[_dialog(chat) for chat in inside],
        messages=[renderer.message(message, me) for message in tops],
        chats=[renderer.chat(chat, me) for chat in chats],
        users=users,
        state=types.updates.State(1, 0, datetime.now(UTC), 1, 0),
    )


@method("messages.getForumTopicsByID")
def get_forum_topics(call: Call, request: Any) -> Any:
    """Return topics of a forum with their latest messages; unknown ones as `forumTopicDeleted`."""
    chat, me = call.chat(request.peer), call.account.id
    if not chat.topics:
        raise RpcError("CHANNEL_FORUM_MISSING")
    topics = [_topic(chat, number) for number in request.topics]
    tops = [chat.messages[one.top_message] for one in topics if getattr(one, "top_message", 0)]
    users, chats = _around(call, chat, tops)
    shown = [call.core.renderer.message(message, me) for message in tops]
    return types.messages.ForumTopics(len(topics), topics, shown, chats, users, chat.pts)


def _topic(chat: Chat, number: int) -> Any:
    known = chat.topics.get(number)
    if number != GENERAL_TOPIC and (known is None or known.deleted):
        return types.ForumTopicDeleted(number)
    inside = (
        one.id for one in reversed(chat.messages.values()) if (one.draft.topic or GENERAL_TOPIC) == number
    )
    return types.ForumTopic(
        id=number,
        date=chat.created,
        peer=types.PeerChannel(chat.id),
        title="General" if known is None else known.title,
        icon_color=0,
        top_message=next(inside, 0),
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        from_id=types.PeerUser(0),
        notify_settings=types.PeerNotifySettings(),
    )
