"""Queries of the log of deliveries: pages from the latest, and lines as they are folded."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pydantic import Field

from libs.events.values import AdbotId, Party, ResultClass
from libs.eventsourcing import Row, Sql
from services.gateway.tables.paging import Key, KeyType, PagedList, PageRequest, instant, item_of, page_of
from services.gateway.tables.parties import ABOUT
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
    """The masked phone number; null where no seat tried."""
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
class LoggedLine:
    """A line of the log of an adbot, with its position."""

    adbot: AdbotId
    item: str
    """A `LogLine` as JSON."""
    position: LinePosition


_SESSION = "coalesce(s.phone, '…' || right(d.session::text, 4))"
_FIELDS = f"""
{instant("d.at")} as at, d.cycle, {_SESSION} as session, d.target as "group", d.result, d.error, d.messages,
d.party, {ABOUT.format(party="d.party", session="d.session")} as about
"""
_KEPT_SINCE = "select since from engine.kept_since where projection = 'deliveries'"
_NAMED = "left join stock s on s.session = d.session"
LOG = PagedList(
    name="log",
    fields=_FIELDS,
    source=f"deliveries d {_NAMED}",
    where="d.adbot = $1",
    page_fields=f"({instant(f'({_KEPT_SINCE})')}) as kept_since",
    filters={
        "group": "d.target = {}",
        "result": "d.result = {}",
        "session": f"{{}} in ({_SESSION}, d.session::text)",
        "from": "d.at >= {}",
        "to": "d.at < {}",
    },
    sorts={
        "created_at": (
            Key("d.at", KeyType.INSTANT),
            Key("d.position", KeyType.INTEGER),
            Key("d.line", KeyType.INTEGER),
        )
    },
)
"""The deliveries of the adbot `$1`. An index has their order, but for those of one instant."""
OWN_LOG = replace(
    LOG,
    name="own-log",
    where="d.adbot = $1 and exists (select from adbots where adbot = $1 and account = $2)",
)
"""The same, if the adbot is of the account `$2`; else nothing."""
_LINE = f"""
select {item_of(_FIELDS)}, d.adbot, d.xid, d.position, d.line from {{deliveries}} d {_NAMED}
"""  # noqa: S608 - constants
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


async def log_of(sql: Sql, adbot: AdbotId, limit: int) -> list[LogLine]:
    """Return an adbot's last deliveries, the latest first."""
    found = await page_of(sql, LOG, PageRequest("-created_at", limit, (adbot,)))
    return [LogLine.model_validate_json(row["item"]) for row in found.rows]


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
    return LoggedLine(row["adbot"], row["item"], LinePosition(row["xid"], row["position"], row["line"]))
