"""Rests and budgets of the methods of one session: a wait on one method rests that method alone."""

import math
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from libs.events.values import ErrorName, Method, Party, ResultClass, SessionId
from libs.eventsourcing import Engine, Row, Sql
from services.forwarder.pool.leases import now
from services.forwarder.pool.news import News, Rested
from services.forwarder.ports import TOO_MANY_CHATS, Meaning, MessengerError, TooManyChats
from services.forwarder.settings import ForwarderSettings

SCHEMA = """
-- when each session resolved a name or joined a group, for the budgets; a row ends after a day
create table if not exists pool.method_calls (
    session uuid not null,
    method  text not null,
    at      timestamptz not null default clock_timestamp()
);
create index if not exists method_calls_by_session on pool.method_calls (session, method, at);
"""

DAY = 86_400.0
MINUTE = 60.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Window:
    """At most so many calls within so many seconds."""

    seconds: float
    calls: int


def wait_for(ages: Sequence[float], windows: Sequence[Window]) -> float:
    """Return the seconds until one more call is within all windows; `ages` are of calls, the latest first."""
    waits = [0.0]
    for window in windows:
        if window.calls < 1:
            waits.append(math.inf)
        elif len(ages) >= window.calls:
            waits.append(window.seconds - ages[window.calls - 1])
    return max(waits)


@dataclass(frozen=True)
class Allowances:
    """How often a session may resolve names, and join groups."""

    resolves_per_minute: int = 10_000
    resolves_per_day: int = 10_000
    joins_per_day: int = 0
    join_distance_seconds: float = 0.0
    join_check_seconds: float = 0.0

    @classmethod
    def of(cls, settings: ForwarderSettings) -> "Allowances":
        """Return the allowances of the settings."""
        return cls(
            resolves_per_minute=settings.resolves_per_minute,
            resolves_per_day=settings.resolves_per_day,
            joins_per_day=settings.joins_per_day,
            join_distance_seconds=settings.join_distance_seconds,
            join_check_seconds=settings.join_check_seconds,
        )

    def windows(self, method: Method) -> tuple[Window, ...]:
        """Return the limits of a method; the distance of joins varies by half of it."""
        if method is Method.JOIN:
            distance = self.join_distance_seconds * random.uniform(1.0, 1.5)
            return Window(distance, 1), Window(DAY, self.joins_per_day)
        if method in {Method.RESOLVE, Method.INVITE}:
            return Window(MINUTE, self.resolves_per_minute), Window(DAY, self.resolves_per_day)
        return ()


UNLIMITED = Allowances()


class Waits(MessengerError):
    """A method rests, or its budget is spent: what needs it waits, or is left out of the cycle."""

    def __init__(self, name: ErrorName, seconds: float) -> None:
        seconds = min(seconds, DAY)
        meaning = Meaning(
            ResultClass.LEFT_OUT,
            ResultClass.LEFT_OUT,
            Party.ACCOUNT,
            Party.ACCOUNT,
            wait_seconds=max(1, math.ceil(seconds)),
        )
        super().__init__(name, meaning)


def rests(method: Method) -> ErrorName:
    """Return the error of what needs a resting method."""
    return f"METHOD_RESTS {method}"


def budget(method: Method) -> ErrorName:
    """Return the error of what a budget of calls does not allow now."""
    return "JOIN_BUDGET" if method is Method.JOIN else "RESOLVE_BUDGET"


class Methods:
    """Calls the methods of one session's account within their rests and budgets."""

    def __init__(self, engine: Engine, session: SessionId, allowances: Allowances) -> None:
        self._engine = engine
        self._session = session
        self.allowances = allowances
        self._rests: dict[Method, tuple[float, ErrorName]] | None = None
        """The end of each rest, on the clock of `now`, and its error."""
        self._calls: dict[Method, deque[float]] = {}
        self.news: list[News] = []
        """What is to be recorded."""

    async def call(self, method: Method, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """Call a method. Raises `Waits`, or what it raises; if it has to wait, only this method rests."""
        await self._require_rested(method)
        if windows := self.allowances.windows(method):
            await self._take_place(method, windows)
        try:
            return await ask()
        except MessengerError as error:
            if error.meaning.result is not ResultClass.RATE_LIMITED:
                raise
            self.rest(method, error.meaning.wait_seconds, error.name)
            raise Waits(rests(method), error.meaning.wait_seconds) from None

    def rest(self, method: Method, seconds: float, error: ErrorName) -> None:
        """Let a method rest from now on."""
        self._rests = {**(self._rests or {}), method: (now() + seconds, error)}
        self.news.append(Rested(method, seconds, error))

    async def _require_rested(self, method: Method) -> None:
        if self._rests is None:
            rows = await self._engine.query(lambda sql: _read_rests(sql, self._session))
            self._rests = {Method(row["method"]): (now() + row["seconds"], row["error"]) for row in rows}
        until, error = self._rests.get(method, (0.0, ""))
        left = until - now()
        if left > 0 and error == TOO_MANY_CHATS:
            raise TooManyChats
        if left > 0:
            raise Waits(rests(method), left)

    async def _take_place(self, method: Method, windows: Sequence[Window]) -> None:
        """Store a call before it is made; raise `Waits` if the budget does not allow it now."""
        kind = Method.RESOLVE if method is Method.INVITE else method
        if kind not in self._calls:
            rows = await self._engine.query(lambda sql: _read_calls(sql, self._session, kind))
            self._calls[kind] = deque(now() - row["age"] for row in rows)
        calls = self._calls[kind]
        while calls and now() - calls[-1] > DAY:
            calls.pop()
        seconds = wait_for([now() - at for at in calls], windows)
        if seconds > 0:
            raise Waits(budget(method), seconds)
        await self._engine.query(
            lambda sql: sql.execute(
                "insert into pool.method_calls (session, method) values ($1, $2)", self._session, kind
            )
        )
        calls.appendleft(now())


async def _read_rests(sql: Sql, session: SessionId) -> Sequence[Row]:
    return await sql.fetch(
        "select method, error, extract(epoch from until - clock_timestamp())::float8 as seconds "
        "from method_rests where session = $1 and until > clock_timestamp()",
        session,
    )


async def _read_calls(sql: Sql, session: SessionId, method: Method) -> Sequence[Row]:
    return await sql.fetch(
        "select extract(epoch from clock_timestamp() - at)::float8 as age from pool.method_calls "
        "where session = $1 and method = $2 and at > clock_timestamp() - interval '1 day' order by at desc",
        session,
        method,
    )


async def forget_calls(sql: Sql) -> None:
    """Delete the calls that no budget counts any more."""
    await sql.execute("delete from pool.method_calls where at < clock_timestamp() - interval '1 day'")
