"""The rights to read and to write in a chat, and Telegram's errors without them."""

import math
import time
from collections.abc import Sequence

from sandbox.telegram.errors import RpcError
from sandbox.telegram.objects import Chat, Draft
from sandbox.telegram.specs import Denied, Media, MemberStatus

GENERAL_TOPIC = 1


def require_readable(chat: Chat, account: int) -> None:
    """Raise unless the account may see this chat: a public one, or one that it is a member of.

    A deleted one looks like one that bans the account.
    """
    status = chat.status(account)
    if chat.deleted or status is MemberStatus.BANNED or (status is None and chat.username is None):
        raise RpcError("CHANNEL_PRIVATE")


def require_writable(chat: Chat, account: int, drafts: Sequence[Draft]) -> None:
    """Raise unless the account may write these messages here in one call, now."""
    require_readable(chat, account)
    status = chat.status(account)
    if status is MemberStatus.ADMIN:
        return
    if chat.broadcast:
        raise RpcError("CHAT_ADMIN_REQUIRED")
    if status is None:
        raise RpcError("CHAT_GUEST_SEND_FORBIDDEN" if chat.join_to_send else "CHAT_WRITE_FORBIDDEN")
    if status is MemberStatus.RESTRICTED:
        raise RpcError("USER_BANNED_IN_CHANNEL")
    for draft in drafts:
        _require_kind(chat, draft)
        _require_topic(chat, draft.topic)
    _require_pace(chat, account, len(drafts))


def note_written(chat: Chat, account: int) -> None:
    """Start the interval of slow mode for this account."""
    chat.last_written[account] = time.monotonic()


def _require_kind(chat: Chat, draft: Draft) -> None:
    kinds = [Denied.SEND_MESSAGES]
    if draft.file is None:
        kinds.append(Denied.SEND_PLAIN)
    else:
        kinds += [
            Denied.SEND_MEDIA,
            Denied.SEND_PHOTOS if draft.file.kind is Media.PHOTO else Denied.SEND_DOCS,
        ]
    for kind in kinds:
        if kind in chat.denied:
            raise RpcError(
                "CHAT_WRITE_FORBIDDEN" if kind is Denied.SEND_MESSAGES else f"CHAT_{kind.upper()}_FORBIDDEN"
            )


def _require_topic(chat: Chat, topic: int | None) -> None:
    if not chat.has_topics or topic in (None, GENERAL_TOPIC):
        return
    known = chat.topics.get(topic)
    if known is None or known.deleted:
        raise RpcError("TOPIC_DELETED")
    if known.closed:
        raise RpcError("TOPIC_CLOSED")


def _require_pace(chat: Chat, account: int, count: int) -> None:
    if not chat.slow_mode_seconds:
        return
    if count > 1:
        raise RpcError("SLOWMODE_MULTI_MSGS_DISABLED")
    last = chat.last_written.get(account)
    if last is None:
        return
    left = math.ceil(last + chat.slow_mode_seconds - time.monotonic())
    if left > 0:
        raise RpcError(f"SLOWMODE_WAIT_{left}")
