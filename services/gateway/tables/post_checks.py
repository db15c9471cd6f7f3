"""Read model and queries of post checks: what each seat of an adbot found out about posts."""

import json
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, TypeAdapter

from libs.events.forwarder import PostChecked, PostFinding
from libs.events.scheduler import PostCheckRequested
from libs.events.values import AdbotId, ChannelPost, PostCheckId
from libs.eventsourcing import Projection, Row, Sql, TableSql
from services.gateway.tables.paging import Key, KeyType, PagedList
from services.gateway.tables.values import View

KEPT = 10
"""How many checks of each adbot are kept."""

POST_CHECKS = Projection(
    "post_checks",
    version=1,
    # a table per publishing service: there is no order between their events
    ddl="""
    create table post_checks (
        post_check uuid primary key,
        adbot uuid not null,
        posts jsonb not null,
        seats uuid[] not null,
        requested_at timestamptz not null,
        expires_at timestamptz not null
    );
    create index on post_checks (adbot, requested_at);
    create table post_check_answers (
        post_check uuid not null,
        session uuid not null,
        findings jsonb not null,
        primary key (post_check, session)
    );
    """,
)
"""Grows with adbots; an adbot's oldest check ends with its tenth later one."""


class CheckStatus(StrEnum):
    """Whether seats may still answer."""

    RUNNING = "RUNNING"
    DONE = "DONE"


class SeatFinding(View):
    """What one seat found out about a post; its session's phone number is masked."""

    session: str
    answered: bool
    readable: bool
    forwardable: bool
    error: Annotated[str, Field(description="Telegram's name of the error; empty without one.")]


class CheckedPost(View):
    """A post, and what each seat found out."""

    post: ChannelPost
    seats: list[SeatFinding]


class PostCheck(View):
    """A look of all seats at posts: whether each can read them, and may forward them."""

    id: UUID
    status: CheckStatus
    summary: Annotated[str, Field(description="The result in a sentence or two, for people.")]
    requested_at: datetime
    expires_at: Annotated[datetime, Field(description="Seats that have not answered by then do not.")]
    posts: list[CheckedPost]


@POST_CHECKS.on(PostCheckRequested)
async def requested(event: PostCheckRequested, sql: TableSql) -> None:
    """Add the check, and delete the adbot's oldest."""
    await sql.execute(
        "insert into post_checks values ($1, $2, $3::text::jsonb, $4, $5, $6)",
        event.check,
        event.adbot,
        json.dumps([post.model_dump(mode="json") for post in event.posts]),
        [seat.session for seat in event.seats],
        event.requested_at,
        event.expires_at,
    )
    await sql.execute(
        "with old as (delete from post_checks where post_check in (select post_check from post_checks "
        "where adbot = $1 order by requested_at desc, post_check desc offset $2) returning post_check) "
        "delete from post_check_answers where post_check in (select post_check from old)",
        event.adbot,
        KEPT,
    )


@POST_CHECKS.on(PostChecked)
async def answered(event: PostChecked, sql: TableSql) -> None:
    """Store a seat's findings."""
    await sql.execute(
        "insert into post_check_answers values ($1, $2, $3::text::jsonb)",
        event.check,
        event.session,
        json.dumps([finding.model_dump(mode="json") for finding in event.findings]),
    )


_COLUMNS = "post_check, posts::text as posts, seats, requested_at, expires_at"
_CHECKS = f"select {_COLUMNS} from post_checks"  # noqa: S608 - constants
CHECKS = PagedList(
    name="post-checks",
    source="post_checks",
    where="adbot = $1",
    extra=_COLUMNS,
    sorts={"created_at": (Key("requested_at", KeyType.INSTANT), Key("post_check", KeyType.ID))},
)
"""The checks of the adbot `$1`, of which `KEPT` are kept."""
_POSTS: TypeAdapter[list[ChannelPost]] = TypeAdapter(list[ChannelPost])
_FINDINGS: TypeAdapter[list[PostFinding]] = TypeAdapter(list[PostFinding])


async def check_of(sql: Sql, adbot: AdbotId, check: PostCheckId, at: datetime) -> PostCheck | None:
    """Return a check of an adbot, else None."""
    row = await sql.fetchrow(f"{_CHECKS} where adbot = $1 and post_check = $2", adbot, check)
    return None if row is None else await _check(sql, row, at)


async def checks_in(sql: Sql, rows: Sequence[Row], at: datetime) -> list[PostCheck]:
    """Return the checks in these rows."""
    return [await _check(sql, row, at) for row in rows]


async def running_check(sql: Sql, adbot: AdbotId, at: datetime) -> PostCheck | None:
    """Return the check of an adbot that seats may still answer, else None."""
    rows = await sql.fetch(
        f"{_CHECKS} where adbot = $1 and expires_at > $2 order by requested_at desc, post_check desc",
        adbot,
        at,
    )
    found = [await _check(sql, row, at) for row in rows]
    return next((check for check in found if check.status is CheckStatus.RUNNING), None)


async def _check(sql: Sql, row: Row, at: datetime) -> PostCheck:
    answers = await sql.fetch(
        "select seat.session, coalesce(s.phone, '…' || right(seat.session::text, 4)) as phone, "
        "a.findings::text as findings from unnest($2::uuid[]) with ordinality as seat (session, turn) "
        "left join post_check_answers a on a.post_check = $1 and a.session = seat.session "
        "left join stock s on s.session = seat.session order by seat.turn",
        row["post_check"],
        row["seats"],
    )
    seats = [_Answer(one) for one in answers]
    posts = [
        CheckedPost(post=post, seats=[seat.of(post) for seat in seats])
        for post in _POSTS.validate_json(row["posts"])
    ]
    waiting = any(not seat.answered for seat in seats) and at < row["expires_at"]
    return PostCheck(
        id=row["post_check"],
        status=CheckStatus.RUNNING if waiting else CheckStatus.DONE,
        summary=summary_of(posts, running=waiting),
        requested_at=row["requested_at"],
        expires_at=row["expires_at"],
        posts=posts,
    )


class _Answer:
    """One seat's answer to a check, or its lack."""

    def __init__(self, row: Row) -> None:
        self._phone: str = row["phone"]
        self.answered = row["findings"] is not None
        known = _FINDINGS.validate_json(row["findings"]) if self.answered else []
        self._known = {finding.post: finding for finding in known}

    def of(self, post: ChannelPost) -> SeatFinding:
        """Return what the seat found out about a post."""
        found = self._known.get(post)
        facts: dict[str, Any] = {"readable": False, "forwardable": False, "error": ""}
        if found is not None:
            facts = found.model_dump(include=set(facts))
        return SeatFinding(session=self._phone, answered=found is not None, **facts)


def summary_of(posts: Sequence[CheckedPost], *, running: bool) -> str:
    """Return the result of a check in a sentence for each post."""
    return " ".join(_sentence(post, running=running) for post in posts)


def _sentence(checked: CheckedPost, *, running: bool) -> str:
    seats = checked.seats
    count = len(seats)
    silent = sum(not seat.answered for seat in seats)
    unreadable = [seat for seat in seats if seat.answered and not seat.readable]
    protected = sum(seat.readable and not seat.forwardable for seat in seats)
    problems: list[str] = []
    if unreadable:
        errors = ", ".join(dict.fromkeys(seat.error for seat in unreadable))
        problems.append(f"{len(unreadable)} of {count} seats can't read it ({errors})")
    if protected:
        problems.append("its channel does not allow forwarding")
    if silent:
        problems.append(f"{silent} of {count} seats {'have yet to answer' if running else 'did not answer'}")
    said = "; ".join(problems) or f"all seats ({count}) can read it, and may forward it"
    return f"{checked.post.channel}/{checked.post.message}: {said}."
