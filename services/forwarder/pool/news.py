"""What a session has learnt besides the outcomes of its sends, and what is to be recorded of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from libs.events.values import AdbotId, ErrorName, GroupRef, Method, SessionId
from libs.eventsourcing import Cause, UnitOfWork
from services.forwarder.access.commands import Ask, Enter, Follow
from services.forwarder.access.domain import ACCESS
from services.forwarder.client.commands import RestMethod
from services.forwarder.client.domain import CLIENT


@dataclass(frozen=True)
class Rested:
    """A method rests for these seconds."""

    method: Method
    seconds: float
    error: ErrorName


@dataclass(frozen=True)
class Requested:
    """The account asked to join a group."""

    ref: GroupRef


@dataclass(frozen=True)
class Joined:
    """The account joined a group."""

    ref: GroupRef
    chat: int
    approved: bool


@dataclass(frozen=True)
class Moved:
    """A group has another id or public name than the client wrote."""

    ref: GroupRef
    chat: GroupRef
    name: GroupRef | None


News = Rested | Requested | Joined | Moved


async def record(
    unit: UnitOfWork, session: SessionId, adbot: AdbotId, cause: Cause, news: Sequence[News]
) -> None:
    """Record what a session has learnt for an adbot."""
    for one in news:
        match one:
            case Rested(method, seconds, error):
                at: datetime = await unit.flushed.fetchval("select clock_timestamp()")
                rest = RestMethod(method, at + timedelta(seconds=seconds), error, unit.at)
                await unit.execute(CLIENT, session, rest, because=cause)
            case Requested(ref):
                await unit.execute(ACCESS, adbot, Ask(adbot, session, ref, unit.at), because=cause)
            case Joined(ref, chat, approved):
                enter = Enter(adbot, session, ref, chat, approved, unit.at)
                await unit.execute(ACCESS, adbot, enter, because=cause)
            case Moved(ref, chat, name):
                follow = Follow(adbot, ref, chat, name, unit.at)
                await unit.execute(ACCESS, adbot, follow, because=cause)
