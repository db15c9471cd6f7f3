"""What an adbot's seats joined for it, and the groups that have another name or id than the client wrote."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from libs.events.forwarder import GroupJoined, GroupMoved, JoinRequested, MembershipsForgotten
from libs.events.values import AdbotId, GroupRef, SessionId
from services.forwarder.access.commands import Ask, Enter, Follow

MembershipEvent = JoinRequested | GroupJoined | MembershipsForgotten | GroupMoved


@dataclass(frozen=True)
class Membership:
    """A group that a seat joined, or asked to join."""

    session: SessionId
    ref: GroupRef
    joined: bool
    at: datetime


@dataclass(frozen=True)
class Move:
    """The id and the public name of a group that the client wrote in another way."""

    ref: GroupRef
    chat: GroupRef
    name: GroupRef | None


def asked(command: Ask, known: Sequence[Membership]) -> list[MembershipEvent]:
    """Return the event of a first request."""
    if _of(command.session, command.ref, known) is not None:
        return []
    return [JoinRequested(adbot=command.adbot, session=command.session, group=command.ref, at=command.at)]


def entered(command: Enter, known: Sequence[Membership]) -> list[MembershipEvent]:
    """Return the event of a membership that is not stored yet."""
    last = _of(command.session, command.ref, known)
    if last is not None and last.joined:
        return []
    return [
        GroupJoined(
            adbot=command.adbot,
            session=command.session,
            group=command.ref,
            chat=command.chat,
            approved=command.approved,
            at=command.at,
        )
    ]


def followed(command: Follow, known: Sequence[Move]) -> list[MembershipEvent]:
    """Return the event of a change that is not stored yet."""
    move = Move(command.ref, command.chat, command.name)
    if move in known:
        return []
    return [
        GroupMoved(
            adbot=command.adbot, group=command.ref, chat=command.chat, name=command.name, at=command.at
        )
    ]


def forgotten(
    session: SessionId | None, adbot: AdbotId, known: Sequence[Membership]
) -> list[MembershipEvent]:
    """Return the event of a seat that left; of all seats if None."""
    if not any(session in {None, one.session} for one in known):
        return []
    return [MembershipsForgotten(adbot=adbot, session=session)]


def members_after(
    event: JoinRequested | GroupJoined | MembershipsForgotten, known: Sequence[Membership]
) -> tuple[Membership, ...]:
    """Return the memberships after an event."""
    if isinstance(event, MembershipsForgotten):
        return tuple(one for one in known if event.session not in {None, one.session})
    others = (one for one in known if (one.session, one.ref) != (event.session, event.group))
    joined = isinstance(event, GroupJoined)
    return (*others, Membership(event.session, event.group, joined, event.at))


def moves_after(event: GroupMoved, known: Sequence[Move]) -> tuple[Move, ...]:
    """Return the moves after an event."""
    others = (one for one in known if one.ref != event.group)
    return (*others, Move(event.group, event.chat, event.name))


def _of(session: SessionId, ref: GroupRef, known: Sequence[Membership]) -> Membership | None:
    return next((one for one in known if (one.session, one.ref) == (session, ref)), None)
