"""What a decision about a cycle must know of its seats."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Sql
from services.forwarder.client.tables import paused, usable
from services.forwarder.cycle.sharing import Seating
from services.forwarder.cycle.tables import denials_of


async def seating_of(
    sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId], longest_wait: timedelta
) -> Seating:
    """Return which sessions of an adbot are lost, paused for more than `longest_wait`, or refused."""
    return Seating(
        lost=frozenset(sessions) - await usable(sql, sessions),
        paused=await paused(sql, sessions, longest_wait),
        denials=await denials_of(sql, adbot, sessions),
    )
