"""Queries of the log of deliveries: pages from the latest, and lines as they are folded."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from libs.events.values import AdbotId, Party, ResultClass
from libs.eventsourcing import Row, Sql
from services.gateway.tables.parties import about
from services.gateway.tables.values import View

RESUMED = 1000
"""The most lines of an adbot that a listener who resumes gets."""


class LogLine(View):
    """The delivery to one group in one cycle."""

    at: datetime
    """When the result was known."""
    cycle: UUID
    """The id of the cycle."""
    session: str | None
    """The masked phone number; None where no seat tried."""
    group: str
    """The group in its canonical form."""
    result: ResultClass
    error: str
    """Telegram's name of the error; empty without one."""
    messages: list[int]
    """The ids of the messages in the group."""
    party: Party | None = None
    """Whom the answer is about; null if nobody is to blame."""
    about: str | None = Field(default=None, description="The party in words, such as `this account`.")


class LinePosition(NamedTuple):
    """The position of a line in the order in which lines are folded: the event's cursor, its place in it."""

    xid: int
    position: int
    line: int = 0


@dataclass(frozen=True, slots=True)
class LogCursor:
    """A position in an adbot's log, the latest first; a page begins after it."""

    at: datetime
    position: int
    line: int


@dataclass(frozen=True, slots=True)
class LogSearch:
    """The lines that are wanted: of a group, with a result; None matches all."""

    group: str | None = None
    result: ResultClass | None = None


ALL = LogSearch()


@dataclass(frozen=True, slots=True)
class LoggedLine:
    """A line of the log of an adbot, with its positions."""

    adbot: AdbotId
    line: LogLine
    position: LinePosition

    @property
    def cursor(self) -> LogCursor:
        """Where a page ends whose last line this is."""
        return LogCursor(self.line.at, self.position.position, self.position.line)


_LINE = """
select d.adbot, d.at, d.cycle, coalesce(s.phone, '…' || right(d.session::text, 4)) as session,
       d.target as group, d.result, d.error, d.party, d.messages::text as messages, d.xid, d.position, d.line
from {deliveries} d left join stock s on s.session = d.session
"""
_PAGE = f"""{_LINE.format(deliveries="deliveries")}
where d.adbot = $1 and ($2::timestamptz is null or (d.at <= $2 and (d.at, d.position, d.line) < ($2, $3, $4)))
  and ($5::text is null or d.target = $5) and ($6::text is null or d.result = $6)
order by d.at desc, d.position desc, d.line desc limit $7
"""
_LATEST = (
    "(select * from deliveries where adbot = $1 and (xid, position) <= ($6, $7) order by at desc limit $2)"
)
_IN_ORDER = "order by d.xid, d.position, d.line"
_MISSED = f"""{_LINE.format(deliveries=_LATEST)}
where (d.xid, d.position, d.line) > ($3, $4, $5)
{_IN_ORDER}
"""
_FOLDED = f"""{_LINE.format(deliveries="deliveries")}
where (d.xid, d.position) >= ($2, $3) and (d.xid, d.position, d.line) > ($2, $3, $4)
  and (d.xid, d.position) <= ($5, $6) and d.adbot = any($1)
{_IN_ORDER} limit $7
"""


async def log_page(
    sql: Sql, adbot: AdbotId, search: LogSearch, after: LogCursor | None, limit: int
) -> list[LoggedLine]:
    """Return an adbot's deliveries, the latest first."""
    key = (None, None, None) if after is None else (after.at, after.position, after.line)
    rows = await sql.fetch(_PAGE, adbot, *key, search.group, search.result, limit)
    return [_logged(row) for row in rows]


async def kept_since(sql: Sql) -> datetime | None:
    """Return the time before which deliveries were deleted, None if none were."""
    since: datetime | None = await sql.fetchval(
        "select since from engine.kept_since where projection = 'deliveries'"
    )
    return since


async def log_of(sql: Sql, adbot: AdbotId, limit: int) -> list[LogLine]:
    """Return an adbot's last deliveries, the latest first."""
    return [one.line for one in await log_page(sql, adbot, ALL, None, limit)]


async def missed_lines(
    sql: Sql, adbot: AdbotId, after: LinePosition, until: LinePosition
) -> list[LoggedLine]:
    """Return an adbot's lines between two positions, of its latest ones, in the order of their folding."""
    rows = await sql.fetch(_MISSED, adbot, RESUMED, *after, until.xid, until.position)
    return [_logged(row) for row in rows]


async def folded_lines(
    sql: Sql, adbots: Collection[AdbotId], after: LinePosition, until: LinePosition, limit: int
) -> list[LoggedLine]:
    """Return lines of these adbots between two positions, in the order of their folding."""
    rows = await sql.fetch(_FOLDED, list(adbots), *after, until.xid, until.position, limit)
    return [_logged(row) for row in rows]


def _logged(row: Row) -> LoggedLine:
    fields = {**row, "messages": json.loads(row["messages"]), "about": about(row["party"], row["session"])}
    position = LinePosition(row["xid"], row["position"], row["line"])
    return LoggedLine(row["adbot"], LogLine.model_validate(fields), position)
