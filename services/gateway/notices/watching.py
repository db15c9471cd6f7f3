"""Looks regularly at what the operator is to be told of as long as it holds."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import structlog

from libs.events.categories import SERVICES
from libs.events.gateway import NoticeKind
from libs.eventsourcing import Causes, Engine, Sql, UnitOfWork
from libs.eventsourcing.background import repeat
from libs.eventsourcing.values import utc_now
from services.gateway.notices.commands import Clear, Tell, key_of
from services.gateway.notices.conditions import (
    BROKER,
    Condition,
    Silence,
    Thresholds,
    lost_sessions,
    low_stock,
    of_services,
)
from services.gateway.notices.domain import NOTICE
from services.gateway.notices.ports import AskHealth
from services.gateway.notices.tables import lasting
from services.gateway.tables.attention_kinds import AttentionKind
from services.gateway.tables.attention_lines import attention_of
from services.gateway.tables.lost_sessions import lost_since
from services.gateway.tables.values import plain

log = structlog.stdlib.get_logger()

_OF_SERVICES = frozenset(
    {
        NoticeKind.DEAD_LETTERS,
        NoticeKind.READER_LAGS,
        NoticeKind.RELAY_STALLS,
        NoticeKind.SERVICE_SILENT,
    }
)
_LASTING = (
    *sorted(_OF_SERVICES),
    NoticeKind.LOW_STOCK,
    NoticeKind.SESSIONS_LOST,
    NoticeKind.SEATS_AWAITED,
    NoticeKind.ORDER_NEEDS_PERSON,
)
"""The kinds with a state."""
_AT_ONCE = 100
"""How many notices one unit of work raises or clears."""
_MOST_ORDERS = 1000
_AWAITED = """
select adbot, order_number, missing from attention_adbots a where missing > 0 and not expired
and not exists (select from attention_orders o where o.order_number = a.order_number and o.refunded)
order by since limit $1
"""


@dataclass(frozen=True)
class WatchSettings:
    """How often to look, from when on something is told, and whether it is mailed."""

    every_seconds: float
    limits: Thresholds
    mail: bool
    attention_share: Decimal
    """The share of the requested amount below which money needs no person."""


class Watch:
    """Raises notices of what holds, and clears those of what no longer does."""

    def __init__(self, engine: Engine, ask: AskHealth, settings: WatchSettings) -> None:
        self._engine, self._ask, self._settings = engine, ask, settings
        self._silence = Silence(time.monotonic())
        self._looked = False

    async def run(self) -> None:
        """Look until cancelled; not at once, since other services may be starting too."""
        await repeat("notices", self._turn)

    async def _turn(self) -> float:
        if self._looked:
            await self.look()
        self._looked = True
        return self._settings.every_seconds

    async def look(self) -> None:
        """Ask all services and the tables once, and raise and clear what follows."""
        answers = await self._ask()
        heard = {one.service for one in answers}
        silent = self._silence.note(heard, time.monotonic())
        told = await self._engine.view(lambda sql: lasting(sql, _LASTING))
        found = of_services(answers, silent, self._settings.limits)
        found += await self._engine.view(lambda sql: self._in_tables(sql, told))
        await self._tell([one for one in found if one.key not in told])
        holds = {one.key for one in found}
        await self._clear([key for key in told if key not in holds and _known(key, heard)])

    async def _in_tables(self, sql: Sql, told: Collection[tuple[NoticeKind, str]]) -> list[Condition]:
        """Return what holds by the read models."""
        limits, now = self._settings.limits, utc_now()
        unused: int = await sql.fetchval("select count(*) from stock where state = 'UNUSED'")
        found = low_stock(unused, (NoticeKind.LOW_STOCK, "") in told, limits)
        found += lost_sessions(await lost_since(sql, now - timedelta(hours=1)), limits)
        for row in await sql.fetch(_AWAITED, _MOST_ORDERS):
            missing, order = row["missing"], row["order_number"]
            detail = f"the adbot of order {order} waits for {missing} session{'' if missing == 1 else 's'}"
            found.append(Condition(NoticeKind.SEATS_AWAITED, str(row["adbot"]), detail))
        for one in await attention_of(sql, None, _MOST_ORDERS, share=self._settings.attention_share):
            if one.kind is AttentionKind.SEATS_AWAITED:
                continue
            sums = "" if one.amount is None else f": {plain(one.amount)} {one.currency or ''}".rstrip()
            detail = f"order {one.order_number} needs a person, {one.kind}{sums}"
            found.append(Condition(NoticeKind.ORDER_NEEDS_PERSON, f"{one.order_number} {one.kind}", detail))
        return found

    async def _tell(self, conditions: Sequence[Condition]) -> None:
        async def tell(unit: UnitOfWork, some: Sequence[Condition]) -> int:
            raised = 0
            for one in some:
                command = Tell(one.kind, one.subject, one.detail, self._settings.mail, unit.at)
                raised += len(await unit.execute(NOTICE, key_of(one.kind, one.subject), command))
            return raised

        for start in range(0, len(conditions), _AT_ONCE):
            some = conditions[start : start + _AT_ONCE]
            done = await self._engine.run(lambda unit: tell(unit, some), self._causes())  # noqa: B023 - run before the loop goes on
            if done.value:
                log.warning("notices.raised", notices=done.value)

    async def _clear(self, keys: Sequence[tuple[NoticeKind, str]]) -> None:
        async def clear(unit: UnitOfWork, some: Sequence[tuple[NoticeKind, str]]) -> None:
            for kind, subject in some:
                await unit.execute(NOTICE, key_of(kind, subject), Clear())

        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            await self._engine.run(lambda unit: clear(unit, some), self._causes())  # noqa: B023 - run before the loop goes on

    def _causes(self) -> Causes:
        """Return the causes of a look, which nothing led to: each begins a correlated tree."""
        return Causes.first(f"service:{self._engine.service}")


def _known(key: tuple[NoticeKind, str], heard: Collection[str]) -> bool:
    """Return whether it can be said that something is over: of a service only if it answers."""
    kind, subject = key
    if kind not in _OF_SERVICES:
        return True
    service = subject.partition(" ")[0]
    return bool(heard) if service == BROKER or service not in SERVICES else service in heard
