"""The facts about seats that decisions about a cycle need."""

from collections.abc import Sequence
from datetime import timedelta

from libs.events.values import AdbotId, SessionId
from libs.eventsourcing import Sql
from services.forwarder.client.tables import resting, usable
from services.forwarder.cycle.sharing import Seating
from services.forwarder.cycle.tables import denials_of


async def seating_of(sql: Sql, adbot: AdbotId, sessions: Sequence[SessionId], patience: timedelta) -> Seating:
    """Return the lost sessions of an adbot, those paused for longer than `patience`, and the refusals."""
    return Seating(
        lost=frozenset(sessions) - await usable(sql, sessions),
        resting=await resting(sql, sessions, patience),
        denials=await denials_of(sql, adbot, sessions),
    )
