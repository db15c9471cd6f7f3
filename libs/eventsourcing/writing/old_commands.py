"""Ends the memory of commands: their ids are kept as long as one may be repeated, and no longer."""

from datetime import timedelta

from libs.eventsourcing.writing.engine import Engine

KEPT = timedelta(days=90)
"""For how long a repeated command is answered as the first time; later it is decided on again."""
_EVERY_SECONDS = 3600.0
_AT_ONCE = 5000
_DELETE = """
delete from engine.commands where id in (
    select id from engine.commands where at < now() - $1::interval limit $2 for update skip locked
)
"""


async def forget_commands(engine: Engine) -> float:
    """Delete old ids of commands, some at once; return after how many seconds to do so again."""
    deleted = await engine.query(lambda sql: sql.execute(_DELETE, KEPT, _AT_ONCE))
    return _EVERY_SECONDS if deleted < _AT_ONCE else 1.0
