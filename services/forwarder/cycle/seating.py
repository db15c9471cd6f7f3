"""The facts about seats that decisions about a cycle need."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Sql
from services.forwarder.access.tables.denials import denials_of
from services.forwarder.access.tables.memberships import members_of
from services.forwarder.client.tables import paused, usable
from services.forwarder.cycle.sharing import Seating


async def seating_of(
    sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId], longest_wait: timedelta
) -> Seating:
    """Return the lost sessions of an adbot, those paused for longer than `longest_wait`, and the denials."""
    known = await denials_of(sql, adbot, sessions, longest_wait)
    return Seating(
        lost=frozenset(sessions) - await usable(sql, sessions),
        paused=await paused(sql, sessions, longest_wait),
        denials=known.denials,
        doubted=known.ended,
        unread=known.unread,
        members=await members_of(sql, adbot),
    )
