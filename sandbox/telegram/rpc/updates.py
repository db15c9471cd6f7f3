"""`updates`: missed updates. Only channels have a history of changes here."""

from datetime import UTC, datetime
from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects

_PTS, _SEQ = 1, 1
_POLL_SECONDS = 30


@method("updates.getState")
def get_state(_call: Call, _request: Any) -> Any:
    """Return the account's own state, which never changes: there are no private chats."""
    return types.updates.State(_PTS, 0, datetime.now(UTC), _SEQ, 0)


@method("updates.getDifference")
def get_difference(_call: Call, _request: Any) -> Any:
    """Return an empty difference."""
    return types.updates.DifferenceEmpty(datetime.now(UTC), _SEQ)


@method("updates.getChannelDifference")
def get_channel_difference(call: Call, request: Any) -> Any:
    """Return a channel's changes since a state, at most ``limit`` messages at a time."""
    chat, me = call.chat(request.channel), call.account.id
    if request.pts <= 0:
        raise RpcError("PERSISTENT_TIMESTAMP_EMPTY")
    missed = chat.since(request.pts)
    messages = missed[: max(request.limit, 1)]
    final = len(messages) == len(missed)
    pts = chat.pts if final else messages[-1].pts
    deleted = [number for at, number in chat.deletions if request.pts < at <= pts]
    if not messages and not deleted:
        return types.updates.ChannelDifferenceEmpty(chat.pts, final=True, timeout=_POLL_SECONDS)
    renderer = call.core.renderer
    users, chats = renderer.around(messages, me)
    others = [types.UpdateDeleteChannelMessages(chat.id, deleted, pts, 0)] if deleted else []
    return types.updates.ChannelDifference(
        pts,
        [renderer.message(message, me) for message in messages],
        others,
        chats or [renderer.chat(chat, me)],
        users,
        final=final,
        timeout=_POLL_SECONDS,
    )
