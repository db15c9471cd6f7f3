"""Queries of figures: of an adbot, its seats and its groups, and of the sessions in stock."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from libs.events.values import AdbotId, Party, ResultClass
from libs.eventsourcing import Row, Sql
from services.gateway.tables.denials import Denial, denials_of
from services.gateway.tables.figure_queries import LAST_FAILED, SEATS, SESSION_DAYS
from services.gateway.tables.join_requests import JoinRequest, join_requests_of
from services.gateway.tables.method_rests import MethodRest, method_rests_of
from services.gateway.tables.parties import about
from services.gateway.tables.statistics import DAYS
from services.gateway.tables.stock import SessionState
from services.gateway.tables.values import View


class Failed(View):
    """The last failure."""

    at: datetime
    result: ResultClass
    error: str
    """Telegram's name of the error."""
    party: Party | None
    about: Annotated[str | None, Field(description="Whom the answer is about, in words.")]
    group: str | None
    """The group that it happened in."""
    session: str | None
    """The masked phone number of the seat, null where none tried."""


class Counts(View):
    """The numbers of results. What was left out or not sent is neither a success nor a failure."""

    posts: int
    """The number of deliveries that were attempted: successes and failures."""
    successes: int
    """The number of groups that received a post."""
    failures: dict[ResultClass, int]
    """The number of failures by Telegram's error class."""
    left_out: int
    """The number of groups that cycles left out though nobody refused."""
    not_sent: int
    """The number of deliveries that were not attempted, because the adbot was stopped."""


class SeatFigures(Counts):
    """The figures of a session on this adbot."""

    session: str
    """The masked phone number."""
    flood_waits: int
    """How often Telegram asked the account to pause."""
    rests_until: datetime | None
    """Telegram asked the account to pause until then; null if it does not rest."""
    rest_error: str | None
    last_activity: datetime | None
    """When it had its last result."""
    last_failure: Failed | None


class Statistics(Counts):
    """The statistics of an adbot since it was created."""

    cycles: int
    """The number of cycles that were started."""
    cycles_skipped: int
    """The number of due times without a cycle."""
    cycles_overrun: int
    """How many of the skipped ones were, because the cycle before was still running."""
    left_out_because: dict[str, int]
    """`left_out` by reason."""
    flood_waits: int
    """How often Telegram asked a session to pause."""
    last_activity: datetime | None
    """When the last result was known."""
    last_failure: Failed | None
    seats: list[SeatFigures]
    """The sessions that are on the adbot now; the other figures include earlier ones."""


class GroupState(StrEnum):
    """The state of a group, by its last result."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """The last delivery failed."""
    LEFT_OUT = "left_out"
    NOT_SENT = "not_sent"
    """The adbot was stopped before."""
    WAITING = "waiting"
    """No cycle has named it yet."""


class GroupFigures(Counts):
    """The figures of one of an adbot's groups."""

    group: str
    """The group in its canonical form."""
    topic: int | None
    """The number of its topic; null if it has none."""
    advertised: bool
    """The advertisement names it; false for groups of earlier ones."""
    state: GroupState
    last_at: datetime | None
    """When it had its last result."""
    last_result: ResultClass | None
    last_error: str | None
    """Telegram's name of the last error; empty without one."""
    last_delivered: datetime | None
    """When it received a post last."""
    last_failure: Failed | None
    denials: list[Denial]
    """Who does not ask it again, before when, and why."""
    join_requests: list[JoinRequest]
    """The seats that asked to join it and wait for an admin of the group."""


class SessionDay(View):
    """The figures of a session on one day in UTC."""

    day: date
    sent: int
    failed: int
    left_out: int


class SessionFigures(Counts):
    """A session in stock, and its figures on all adbots."""

    session: UUID
    phone: str
    state: SessionState
    adbot: UUID | None
    flood_waits: int
    rests_until: datetime | None
    rest_error: str | None
    method_rests: list[MethodRest]
    """The methods that it does not call for a while; it goes on with what does not need them."""
    last_activity: datetime | None
    last_failure: Failed | None
    days: list[SessionDay]
    """The last thirty days with sends, the latest first."""


async def statistics_of(sql: Sql, adbot: AdbotId, at: datetime) -> Statistics:
    """Return an adbot's statistics, zeros if it has no cycles."""
    row = await sql.fetchrow("select * from statistics where adbot = $1", adbot)
    results = await sql.fetch(
        "select result, reason, sum(count)::bigint as count from seat_results where adbot = $1 "
        "group by result, reason order by result, reason",
        adbot,
    )
    totals = await sql.fetchrow(
        "select coalesce(sum(flood_waits), 0)::bigint as flood_waits, max(last_at) as last_at "
        "from seat_figures where adbot = $1",
        adbot,
    )
    failed = await sql.fetchrow(LAST_FAILED, adbot)
    seats = await sql.fetch(SEATS, adbot)
    counts = Counter[str]()
    for line in results:
        counts[line["result"]] += line["count"]
    reasons = {line["reason"]: line["count"] for line in results if line["result"] == ResultClass.LEFT_OUT}
    return Statistics(
        **counts_in(counts),
        cycles=row["cycles"] if row else 0,
        cycles_skipped=row["cycles_skipped"] if row else 0,
        cycles_overrun=row["cycles_overrun"] if row else 0,
        left_out_because=reasons,
        flood_waits=totals["flood_waits"] if totals else 0,
        last_activity=totals["last_at"] if totals else None,
        last_failure=None if failed is None else _failed(failed),
        seats=[_seat(seat, at) for seat in seats],
    )


async def groups_in(sql: Sql, adbot: AdbotId, rows: Sequence[Row], at: datetime) -> list[GroupFigures]:
    """Return the groups in these rows of an adbot with figures, and who denies them at an instant."""
    names = [row["grp"] for row in rows]
    denied: dict[str, list[Denial]] = {}
    for denial in await denials_of(sql, adbot, at, groups=names, limit=10 * len(names)):
        denied.setdefault(denial.ref, []).append(denial)
    requests = await join_requests_of(sql, adbot, names)
    return [_group(row, denied.get(row["grp"], []), requests.get(row["grp"], [])) for row in rows]


async def sessions_in(sql: Sql, rows: Sequence[Row], at: datetime) -> list[SessionFigures]:
    """Return the sessions in these rows with their figures, and what they rest from at an instant."""
    days: dict[UUID, list[SessionDay]] = {}
    sessions = [row["session"] for row in rows]
    rests = await method_rests_of(sql, sessions, at)
    for day in await sql.fetch(SESSION_DAYS, sessions, at.date(), DAYS):
        days.setdefault(day["session"], []).append(SessionDay.model_validate(dict(day.items())))
    return [
        SessionFigures(
            **_activity(row, at),
            session=row["session"],
            phone=row["phone"],
            state=SessionState(row["state"]),
            adbot=row["adbot"],
            method_rests=rests.get(row["session"], []),
            days=days.get(row["session"], []),
        )
        for row in rows
    ]


def _seat(row: Row, at: datetime) -> SeatFigures:
    return SeatFigures(**_activity(row, at), session=row["session"])


def _activity(row: Row, at: datetime) -> dict[str, Any]:
    rests = row["rests_until"] is not None and row["rests_until"] > at
    return {
        **counts_in(json.loads(row["counts"])),
        "flood_waits": row["flood_waits"],
        "rests_until": row["rests_until"] if rests else None,
        "rest_error": row["rest_error"] if rests else None,
        "last_activity": row["last_at"],
        "last_failure": _failed(row),
    }


def _group(row: Row, denials: Iterable[Denial], requests: Iterable[JoinRequest]) -> GroupFigures:
    group: str = row["grp"]
    topic = group.partition("/")[2]
    return GroupFigures(
        **counts_in(json.loads(row["counts"])),
        group=group,
        topic=int(topic) if topic else None,
        advertised=row["advertised"],
        state=GroupState(row["state"]),
        last_at=row["last_at"],
        last_result=row["last_result"],
        last_error=row["last_error"],
        last_delivered=row["delivered_at"],
        last_failure=_failed(row),
        denials=list(denials),
        join_requests=list(requests),
    )


def _failed(row: Row) -> Failed | None:
    if row["failed_at"] is None:
        return None
    return Failed(
        at=row["failed_at"],
        result=row["failed_result"],
        error=row["failed_error"],
        party=row["failed_party"],
        about=about(row["failed_party"], row["failed_session"]),
        group=row["failed_group"],
        session=row["failed_session"],
    )


def counts_in(by_class: dict[str, int] | Counter[str]) -> dict[str, Any]:
    """Return the fields of `Counts`, of results by class."""
    counts = {ResultClass(result): int(count) for result, count in by_class.items()}
    not_sent, left_out = counts.get(ResultClass.STOPPED, 0), counts.get(ResultClass.LEFT_OUT, 0)
    failures = {
        result: count
        for result, count in sorted(counts.items())
        if not result.delivered and result not in {ResultClass.STOPPED, ResultClass.LEFT_OUT}
    }
    return {
        "posts": sum(counts.values()) - not_sent - left_out,
        "successes": sum(count for result, count in counts.items() if result.delivered),
        "failures": failures,
        "left_out": left_out,
        "not_sent": not_sent,
    }
