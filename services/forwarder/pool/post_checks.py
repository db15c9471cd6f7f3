"""A seat's look at posts: whether it can read them, and may forward them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from libs.events.forwarder import PostFinding
from libs.events.scheduler import PostCheckRequested
from libs.events.values import (
    AdbotId,
    ApplicationId,
    ChannelPost,
    CycleId,
    GroupRef,
    Party,
    PostCheckId,
    ResultClass,
)
from libs.eventsourcing import Cause, Causes, Engine, Sql, UnitOfWork
from services.forwarder.access.commands import Deny, Lasting, Read, Refusal
from services.forwarder.access.domain import ACCESS
from services.forwarder.client.commands import Pause
from services.forwarder.client.domain import CLIENT
from services.forwarder.pool.confirmation import LOSSES
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.leases import Lease, require
from services.forwarder.pool.news import record
from services.forwarder.pool.posting import Posting
from services.forwarder.pool.recording import ACTOR
from services.forwarder.pool.tasks import Task, TaskKind, put_off, remove
from services.forwarder.ports import MessengerError
from services.forwarder.post_check.commands import Answer
from services.forwarder.post_check.domain import POST_CHECK

MISSING = "MESSAGE_ID_INVALID"
"""The error of a post that is not in its channel, as the messenger names it when it is forwarded."""

_OF_NO_POST = LOSSES | {ResultClass.TRANSIENT, ResultClass.UNREADABLE, ResultClass.RATE_LIMITED}
AGAIN_SECONDS = 5.0
"""When a seat looks again that had no answer."""


class Detail(BaseModel):
    """What a task keeps of a request: the posts, and the event that asked for them."""

    posts: tuple[ChannelPost, ...]
    correlation_id: UUID
    requested_by: UUID


_ADD = """
insert into pool.tasks (session, kind, subject, adbot, pair, detail, due_at, expires_at)
select s.session, 'POST_CHECK', $1, $2, s.pair, $3::text::jsonb, clock_timestamp(), $4
from unnest($5::uuid[], $6::uuid[]) as s (session, pair)
where not exists (select from releases r where r.session = s.session and r.adbot = $2)
on conflict do nothing
"""


async def request(sql: Sql, event: PostCheckRequested, cause: Cause) -> None:
    """Let each seat look at the posts, except those that have left the adbot."""
    detail = Detail(posts=event.posts, correlation_id=cause.correlation_id, requested_by=cause.causation_id)
    await sql.execute(
        _ADD,
        event.check,
        event.adbot,
        detail.model_dump_json(),
        event.expires_at,
        [seat.session for seat in event.seats],
        [seat.pair for seat in event.seats],
    )


@dataclass(frozen=True)
class PostTask:
    """A post check that a seat has to answer."""

    task: Task
    check: PostCheckId
    adbot: AdbotId
    application: ApplicationId
    detail: Detail

    @property
    def cause(self) -> Cause:
        """The request."""
        return Cause(self.detail.correlation_id, self.detail.requested_by)

    @classmethod
    def of(cls, task: Task) -> "PostTask":
        """Return the post check of a task."""
        if task.adbot is None or task.pair is None or task.detail is None:
            message = f"the post check {task.subject} lacks its adbot, application or posts"
            raise ValueError(message)
        check = PostCheckId(task.subject)
        return cls(task, check, task.adbot, task.pair, Detail.model_validate_json(task.detail))


@dataclass(frozen=True)
class Found:
    """What a seat found out, and what says so about its access to channels."""

    findings: tuple[PostFinding, ...]
    refused: Mapping[GroupRef, MessengerError]
    read: tuple[GroupRef, ...]


async def look_at(connection: SessionConnection, asked: PostTask) -> Found | MessengerError:
    """Look at the posts, one channel after the other; return an error that is about none of them.

    Raises `LeaseLost`, `NoCredentials`.
    """
    channels: dict[GroupRef, list[ChannelPost]] = {}
    for post in asked.detail.posts:
        channels.setdefault(post.channel, []).append(post)
    findings: list[PostFinding] = []
    refused: dict[GroupRef, MessengerError] = {}
    try:
        posting = await connection.open(asked.application, asked.adbot)
        for channel, posts in channels.items():
            try:
                findings += await _look(posting, asked.check, channel, posts)
            except MessengerError as error:
                if error.meaning.result in _OF_NO_POST:
                    return error
                refused[channel] = error
                findings += [_unreadable(post, error.name) for post in posts]
    except MessengerError as error:
        return error
    return Found(tuple(findings), refused, tuple(one for one in channels if one not in refused))


async def _look(
    posting: Posting, check: PostCheckId, channel: GroupRef, posts: list[ChannelPost]
) -> list[PostFinding]:
    found = await posting.inspect(CycleId(check), channel, [post.message for post in posts])
    return [
        PostFinding(post=post, readable=True, forwardable=found[post.message])
        if post.message in found
        else _unreadable(post, MISSING)
        for post in posts
    ]


def _unreadable(post: ChannelPost, error: str) -> PostFinding:
    return PostFinding(post=post, readable=False, forwardable=False, error=error)


class PostChecks:
    """Stores what one seat found out."""

    def __init__(self, engine: Engine, lease: Lease, lasting: Lasting) -> None:
        self._engine = engine
        self._lease = lease
        self._lasting = lasting

    async def found(self, asked: PostTask, found: Found | MessengerError) -> MessengerError | None:
        """Store what was found, or when to look again; return the error if the session is lost."""
        if isinstance(found, Found):
            await self._run(lambda unit: self._answer(unit, asked, found))
            return None
        if found.meaning.result in LOSSES:
            return found
        if found.meaning.result is ResultClass.RATE_LIMITED and found.meaning.wait_seconds:
            await self._run(lambda unit: self._rest(unit, asked, found))
            return None
        seconds = found.meaning.wait_seconds or AGAIN_SECONDS
        await self._engine.query(lambda sql: put_off(sql, self._lease.session, asked.task, seconds))
        return None

    async def learnt(self, asked: PostTask, posting: Posting) -> None:
        """Record what the session has learnt besides its findings: also later checks respect a wait."""
        if news := posting.news():
            session = self._lease.session
            await self._run(lambda unit: record(unit, session, asked.adbot, asked.cause, news))
            posting.recorded(news)

    async def _run(self, work: Callable[[UnitOfWork], Awaitable[None]]) -> None:
        async def fenced(unit: UnitOfWork) -> None:
            await require(unit.flushed, self._lease)
            await work(unit)

        await self._engine.run(fenced, Causes.unprompted(ACTOR))

    async def _rest(self, unit: UnitOfWork, asked: PostTask, error: MessengerError) -> None:
        """Let the account rest, as after a wait on reading a post in a cycle; then it looks again."""
        at: datetime = await unit.flushed.fetchval("select clock_timestamp()")
        until = at + timedelta(seconds=error.meaning.wait_seconds)
        pause = Pause(until, error.meaning.result, error.name, unit.at)
        await unit.execute(CLIENT, self._lease.session, pause, because=asked.cause)

    async def _answer(self, unit: UnitOfWork, asked: PostTask, found: Found) -> None:
        session, cause = self._lease.session, asked.cause
        if not await remove(unit.flushed, session, TaskKind.POST_CHECK, asked.check):
            return  # the session has left the adbot, or the time is over
        answer = Answer(asked.check, asked.adbot, session, found.findings)
        await unit.execute(POST_CHECK, asked.check, answer, because=cause)
        if found.read:
            await unit.execute(ACCESS, asked.adbot, Read(session, found.read), because=cause)
        refusals = tuple(
            Refusal(
                Party.SEAT_AT_SOURCE,
                session,
                channel,
                error.meaning.result_at_source,
                error.name,
                passing=error.meaning.passing,
            )
            for channel, error in found.refused.items()
            if error.meaning.party_at_source is Party.SEAT_AT_SOURCE
        )
        if refusals:
            deny = Deny(asked.adbot, refusals, self._lasting, unit.at)
            await unit.execute(ACCESS, asked.adbot, deny, because=cause)
