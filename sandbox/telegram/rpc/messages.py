"""`messages`: writing. A repeated random id writes nothing."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.feed import updates
from sandbox.telegram.objects import Chat, Draft, Message, Origin
from sandbox.telegram.rights import note_written, require_writable
from sandbox.telegram.specs import Repeats
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects

_MAX_TEXT = 4096
_MAX_FORWARDED = 100


@method("messages.sendMessage", writes=True)
def send_message(call: Call, request: Any) -> Any:
    """Write a text into the chat and return the updates."""
    chat = call.chat(request.peer)
    if not request.message.strip():
        raise RpcError("MESSAGE_EMPTY")
    if len(request.message) > _MAX_TEXT:
        raise RpcError("MESSAGE_TOO_LONG")
    reply_to, topic = _reply(chat, request.reply_to)
    draft = Draft(
        text=request.message,
        sender=call.account.id,
        topic=topic,
        reply_to=reply_to,
        random_id=request.random_id,
        entities=tuple(request.entities or ()),
    )
    return write(call, chat, [draft])


def _reply(chat: Chat, reply: Any) -> tuple[int | None, int | None]:
    """Return the answered message and the topic; an answer to a topic's start only names the topic."""
    if not isinstance(reply, types.InputReplyToMessage):
        return None, None
    if chat.topics and reply.top_msg_id is None and reply.reply_to_msg_id in chat.topics:
        return None, reply.reply_to_msg_id
    return reply.reply_to_msg_id, reply.top_msg_id


@method("messages.forwardMessages", writes=True)
def forward_messages(call: Call, request: Any) -> Any:
    """Write copies into the target and return the updates; an album stays one."""
    if not request.id:
        raise RpcError("MESSAGE_IDS_EMPTY")
    if len(request.id) > _MAX_FORWARDED:
        raise RpcError("MESSAGE_IDS_TOO_MANY")  # not Telegram's name, which is not documented
    if len(request.random_id) != len(request.id) or len(set(request.random_id)) != len(request.id):
        raise RpcError("RANDOM_ID_INVALID")
    target = call.chat(request.to_peer)
    if all((call.account.id, number) in call.core.world.sent for number in request.random_id):
        return write(call, target, [Draft("", random_id=number) for number in request.random_id])
    source = call.chat(request.from_peer)
    if source.noforwards:
        raise RpcError("CHAT_FORWARDS_RESTRICTED")
    return write(call, target, _copies(call, source, request))


def _copies(call: Call, source: Chat, request: Any) -> list[Draft]:
    albums: dict[int, int] = {}  # an album's copy is an album of its own
    drafts: list[Draft] = []
    for number, random_id in zip(request.id, request.random_id, strict=True):
        original = source.messages.get(number)
        if original is None:
            raise RpcError("MESSAGE_ID_INVALID")
        album = original.draft.grouped_id
        if album is not None and album not in albums:
            albums[album] = call.core.world.new_number()
        origin = _origin(source, original)
        captionless = request.drop_media_captions and original.draft.file is not None
        drafts.append(
            replace(
                original.draft,
                text="" if captionless else original.draft.text,
                sender=call.account.id,
                forwarded_from=None if request.drop_author else (original.draft.forwarded_from or origin),
                source=origin,
                grouped_id=None if album is None else albums[album],
                topic=request.top_msg_id,
                reply_to=None,
                random_id=random_id,
            )
        )
    return drafts


def _origin(source: Chat, original: Message) -> Origin:
    if source.broadcast or original.draft.sender is None:
        return Origin(original.date, chat=source.id, post=original.id)
    return Origin(original.date, account=original.draft.sender)


def write(call: Call, chat: Chat, drafts: Sequence[Draft]) -> Any:
    """Return the updates with the message of each random id."""
    core, me = call.core, call.account.id
    fresh = [draft for draft in drafts if (me, draft.random_id) not in core.world.sent]
    if len(fresh) < len(drafts) and core.conduct.repeats is Repeats.REFUSE:
        raise RpcError("RANDOM_ID_DUPLICATE")
    if fresh:
        require_writable(chat, me, fresh)
        note_written(chat, me)
        written = [chat.add(draft) for draft in fresh]
        for message in written:
            core.world.sent[me, message.draft.random_id or 0] = message
        call.entry.written_ids = [message.id for message in written]
        core.feed.new_messages(chat, written, skip=call.listener)
    else:
        call.entry.outcome = "repeat"
    return _sent(call, [core.world.sent[me, draft.random_id or 0] for draft in drafts])


def _sent(call: Call, messages: Sequence[Message]) -> Any:
    renderer, me = call.core.renderer, call.account.id
    users, chats = renderer.around(messages, me)
    changes: list[Any] = [types.UpdateMessageID(one.id, one.draft.random_id) for one in messages]
    changes += [renderer.new_message(one, me) for one in messages]
    return updates(changes, users, chats)
