"""The newest messages of groups and topics, for many of them with one request."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# ruff: noqa: ANN401 - requests and answers are TL objects

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from telethon.tl import functions, types

from libs.events.values import Party
from services.forwarder.ports import MessengerError, Peer, Target

Ask = Callable[[Any], Awaitable[Any]]

GENERAL_TOPIC = 1
_OF_ACCOUNT = frozenset({None, Party.ACCOUNT})


async def newest(ask: Ask, targets: Sequence[Target]) -> dict[Target, int]:
    """Return the ids of the newest messages in targets; those that can't be read are left out.

    Groups are asked for together, topics with a request for each forum. Raises errors that are about the
    account or the connection.
    """
    found: dict[Target, int] = {}
    topics: defaultdict[Peer, list[Target]] = defaultdict(list)
    whole = [target for target in targets if target.topic is None]
    dialogs, forums = await _dialogs(ask, [target.peer for target in whole])
    for target in targets:
        if target.topic is not None or target.peer.chat in forums:
            topics[target.peer].append(target)
        elif target.peer.chat in dialogs:
            found[target] = dialogs[target.peer.chat]
        elif (message := await _alone(ask, target.peer)) is not None:
            found[target] = message
    for peer, some in topics.items():
        found |= await _topics(ask, peer, some)
    return found


async def _dialogs(ask: Ask, peers: Sequence[Peer]) -> tuple[dict[int, int], set[int]]:
    """Return the newest messages of chats by their ids, and those that are forums.

    Telegram refuses all if it refuses one, and may leave out those that the account is no member of.
    """
    if not peers:
        return {}, set()
    named: list[Any] = [types.InputDialogPeer(_input(peer)) for peer in peers]
    answer = await _unless_refused(ask, functions.messages.GetPeerDialogsRequest(named))
    dialogs = {
        dialog.peer.channel_id: dialog.top_message
        for dialog in getattr(answer, "dialogs", ())
        if isinstance(dialog.peer, types.PeerChannel)
    }
    return dialogs, {chat.id for chat in getattr(answer, "chats", ()) if getattr(chat, "forum", False)}


async def _alone(ask: Ask, peer: Peer) -> int | None:
    """Return the newest message of one chat."""
    request = functions.messages.GetHistoryRequest(
        peer=_input(peer), offset_id=0, offset_date=None, add_offset=0, limit=1, max_id=0, min_id=0, hash=0
    )
    answer = await _unless_refused(ask, request)
    if any(getattr(chat, "forum", False) for chat in getattr(answer, "chats", ())):
        return None  # it may be in another topic
    return next((message.id for message in getattr(answer, "messages", ())), None)


async def _topics(ask: Ask, peer: Peer, targets: Iterable[Target]) -> dict[Target, int]:
    """Return the newest messages in topics of one forum."""
    by_topic = {target.topic or GENERAL_TOPIC: target for target in targets}
    request = functions.messages.GetForumTopicsByIDRequest(_input(peer), list(by_topic))
    answer = await _unless_refused(ask, request)
    return {
        by_topic[topic.id]: topic.top_message
        for topic in getattr(answer, "topics", ())
        if isinstance(topic, types.ForumTopic) and topic.id in by_topic
    }


async def _unless_refused(ask: Ask, request: Any) -> Any:
    """Return the answer; None if it is an error about a chat."""
    try:
        return await ask(request)
    except MessengerError as error:
        if error.meaning.party in _OF_ACCOUNT:
            raise
        return None


def _input(peer: Peer) -> Any:
    return types.InputPeerChannel(peer.chat, peer.key)
