"""`channels`: reading, joining and leaving channels and groups, deleting own messages."""

from typing import Any

from sandbox.telegram.calls import Call, method
from sandbox.telegram.errors import RpcError
from sandbox.telegram.feed import changed, updates
from sandbox.telegram.objects import Chat
from sandbox.telegram.rendering import denied_rights
from sandbox.telegram.specs import Denied, MemberStatus
from sandbox.telegram.tl import types

# ruff: noqa: ANN401 - requests and answers are TL objects


def join(call: Call, chat: Chat) -> Any:
    """Join and return the updates; joining twice changes nothing."""
    me = call.account.id
    status = chat.status(me)
    if status is MemberStatus.BANNED:
        raise RpcError("CHANNEL_PRIVATE")
    if status is None:
        joined = sum(1 for one in call.core.world.chats.values() if one.inside(me))
        if joined >= call.core.conduct.channel_limit:
            raise RpcError("CHANNELS_TOO_MUCH")
        if chat.join_request:
            chat.requests.add(me)
            raise RpcError("INVITE_REQUEST_SENT")
        chat.members[me] = MemberStatus.MEMBER
    return updates([changed(chat)], [], [call.core.renderer.chat(chat, me)])


@method("channels.joinChannel", writes=True)
def join_channel(call: Call, request: Any) -> Any:
    """Add the caller to the members."""
    return types.messages.ChatInviteJoinResultOk(join(call, call.chat(request.channel)))


@method("channels.leaveChannel", writes=True)
def leave_channel(call: Call, request: Any) -> Any:
    """Remove the caller from the members."""
    chat, me = call.chat(request.channel), call.account.id
    if chat.status(me) is None:
        raise RpcError("USER_NOT_PARTICIPANT")
    if chat.status(me) is not MemberStatus.RESTRICTED:  # leaving does not lift a restriction
        del chat.members[me]
    return updates([types.UpdateChannel(chat.id)], [], [call.core.renderer.chat(chat, me)])


@method("channels.getChannels")
def get_channels(call: Call, request: Any) -> Any:
    """Return the named channels."""
    chats = [call.chat(one, readable=False) for one in request.id]
    if any(chat.deleted for chat in chats):
        raise RpcError("CHANNEL_PRIVATE")
    return types.messages.Chats([call.core.renderer.chat(chat, call.account.id) for chat in chats])


@method("channels.getFullChannel")
def get_full_channel(call: Call, request: Any) -> Any:
    """Return the full channel: slow mode and the number of members are real, the other fields are empty."""
    chat, me = call.chat(request.channel), call.account.id
    full = types.ChannelFull(
        id=chat.id,
        about="",
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        chat_photo=types.PhotoEmpty(0),
        notify_settings=types.PeerNotifySettings(),
        bot_info=[],
        pts=chat.pts,
        participants_count=sum(1 for _ in chat.insiders()),
        slowmode_seconds=chat.slow_mode_seconds or None,
    )
    return types.messages.ChatFull(full, [call.core.renderer.chat(chat, me)], [])


@method("channels.getParticipant")
def get_participant(call: Call, request: Any) -> Any:
    """Return the place of an account in a channel."""
    chat, me, world = call.chat(request.channel), call.account, call.core.world
    named = request.participant
    number = me.id if isinstance(named, types.InputPeerSelf) else getattr(named, "user_id", None)
    status = None if number is None else chat.status(number)
    if number is None or status is None:
        raise RpcError("USER_NOT_PARTICIPANT")
    return types.channels.ChannelParticipant(
        _participant(chat, number, status, me.id),
        [call.core.renderer.chat(chat, me.id)],
        [call.core.renderer.user(world.accounts[number], me.id)],
    )


def _participant(chat: Chat, number: int, status: MemberStatus, me: int) -> Any:
    match status:
        case MemberStatus.RESTRICTED | MemberStatus.BANNED:
            return types.ChannelParticipantBanned(
                peer=types.PeerUser(number),
                kicked_by=0,
                date=chat.created,
                banned_rights=denied_rights([Denied.SEND_MESSAGES]),
                left=status is MemberStatus.BANNED,
            )
        case MemberStatus.ADMIN:
            rights = types.ChatAdminRights(post_messages=True, delete_messages=True)
            inviter = 0 if number == me else None  # TL requires it together with `self`
            return types.ChannelParticipantAdmin(
                number, 0, chat.created, rights, is_self=number == me, inviter_id=inviter
            )
        case MemberStatus.MEMBER if number == me:
            return types.ChannelParticipantSelf(number, 0, chat.created)
        case MemberStatus.MEMBER:
            return types.ChannelParticipant(number, chat.created)


@method("channels.deleteMessages", writes=True)
def delete_messages(call: Call, request: Any) -> Any:
    """Delete the messages and return the channel's new state."""
    chat, me = call.chat(request.channel), call.account.id
    found = [chat.messages[number] for number in request.id if number in chat.messages]
    if chat.status(me) is not MemberStatus.ADMIN and any(one.draft.sender != me for one in found):
        raise RpcError("MESSAGE_DELETE_FORBIDDEN")
    gone = chat.delete(request.id)
    if gone:
        call.core.feed.deleted(chat, gone, skip=call.listener)
    return types.messages.AffectedMessages(chat.pts, len(gone))
