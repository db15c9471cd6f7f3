"""`messages.checkChatInvite` and `messages.importChatInvite`: private chats are joined by their link."""

from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.objects import Chat
from sandbox.telegram.rpc.channels import join
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects


def _invited(call: Call, invite_hash: str) -> Chat:
    chat = call.core.world.by_invite(invite_hash)
    if chat is None:
        raise RpcError("INVITE_HASH_INVALID")
    if chat.invite_expired:
        raise RpcError("INVITE_HASH_EXPIRED")
    call.entry.chat = chat.id
    return chat


@method("messages.checkChatInvite")
def check_chat_invite(call: Call, request: Any) -> Any:
    """Return the chat of a link."""
    chat, me = _invited(call, request.hash), call.account.id
    if chat.inside(me):
        return types.ChatInviteAlready(call.core.renderer.chat(chat, me))
    return types.ChatInvite(
        title=chat.title,
        photo=types.PhotoEmpty(0),
        participants_count=sum(1 for _ in chat.insiders()),
        color=0,
        channel=not chat.basic,
        broadcast=chat.broadcast,
        megagroup=not chat.broadcast and not chat.basic,
        request_needed=chat.join_request,
    )


@method("messages.importChatInvite", writes=True)
def import_chat_invite(call: Call, request: Any) -> Any:
    """Add the caller to the members."""
    chat = _invited(call, request.hash)
    if chat.inside(call.account.id):
        raise RpcError("USER_ALREADY_PARTICIPANT")
    return types.messages.ChatInviteJoinResultOk(join(call, chat))
