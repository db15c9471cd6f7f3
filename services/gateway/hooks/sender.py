"""Sends the messages of webhooks: claims each, posts it, and stores the outcome."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from prometheus_client import Counter, Gauge

from libs.events.gateway import HookOffReason
from libs.eventsourcing import Causes, Engine, UnitOfWork
from libs.eventsourcing.background import Alarm, repeat
from libs.eventsourcing.errors import StatementRejected, Transient
from libs.eventsourcing.values import utc_now
from services.gateway.account.sealing import Sealer
from services.gateway.hooks.deliveries import (
    Claimed,
    GivenUp,
    claim_messages,
    forget_ended,
    give_up_unwanted,
    next_due,
    note_attempt,
    waiting_messages,
)
from services.gateway.hooks.endpoints import count_failed, count_taken, forget_old_secrets, opened
from services.gateway.hooks.posting import TIMEOUT_SECONDS, Answer, Poster, Trouble
from services.gateway.hooks.retrying import next_attempt, reason_to_switch_off, retry_after_of
from services.gateway.hooks.signing import signed_headers
from services.gateway.hooks.switching import switch_off

log = structlog.stdlib.get_logger()

ATTEMPTS = Counter(
    "adrelay_gateway_webhook_attempts_total", "Attempts to send a message of a webhook.", ["outcome"]
)
WAITING = Gauge("adrelay_gateway_webhooks_waiting", "Messages of webhooks that wait to be sent.")

AT_ONCE = 100
"""How many messages a process sends concurrently. Each waits for its receiver, so slow ones cost nothing."""
SWEEP_SECONDS = 60.0
ACTOR = "service:gateway"
_LEASE = timedelta(seconds=TIMEOUT_SECONDS + 5.0)
_SHORTEST_SLEEP_SECONDS = _PACE_SECONDS = 0.2
_MOST_FORGOTTEN = 1000
_GONE = "its receiver answered 410: it wants no more messages"


class Sender:
    """Sends the messages of all webhooks, of each and of each account a few at a time.

    One process at a time sends a message, under a lease that is longer than an attempt may take. If the
    process dies before it stored the outcome, the next one sends the message again, with the same id.
    """

    def __init__(self, engine: Engine, poster: Poster, sealer: Sealer) -> None:
        self._engine, self._poster, self._sealer = engine, poster, sealer
        self._in_flight: set[asyncio.Task[None]] = set()
        self._alarm = Alarm(engine, shortest_seconds=_SHORTEST_SLEEP_SECONDS)

    async def run(self) -> None:
        """Send messages until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(repeat("sweep of webhooks", self.sweep))
            tasks.create_task(repeat("webhooks", lambda: self._turn(tasks)))

    async def sweep(self) -> float:
        """Delete what has ended and give up what is unwanted; return after how many seconds to look again."""
        now = utc_now()
        unwanted = await self._engine.query(lambda sql: give_up_unwanted(sql, now))
        if unwanted:
            log.warning("webhook.given_up", messages=unwanted, why="the webhook is off")
        await self._engine.query(lambda sql: forget_old_secrets(sql, now))
        WAITING.set(await self._engine.query(waiting_messages))
        forgotten = await self._engine.query(lambda sql: forget_ended(sql, now, _MOST_FORGOTTEN))
        return 0.0 if forgotten == _MOST_FORGOTTEN else SWEEP_SECONDS

    async def _turn(self, tasks: asyncio.TaskGroup) -> float:
        """Begin to send what is due; return after how many seconds to look again."""
        self._alarm.set_anew()
        due = await self._engine.query(next_due)
        free = AT_ONCE - len(self._in_flight)
        if due is None or due > utc_now() or free <= 0:
            await self._alarm.sleep(due)
            return 0.0
        for claimed in await self._claim(free):
            task = tasks.create_task(self._send(claimed))
            self._in_flight.add(task)
            task.add_done_callback(self._in_flight.discard)
        return _PACE_SECONDS

    async def _claim(self, limit: int) -> list[Claimed]:
        async def claim(unit: UnitOfWork) -> list[Claimed]:
            return list(await claim_messages(unit.flushed, unit.at, unit.at + _LEASE, limit))

        return (await self._engine.run(claim, Causes.first(ACTOR))).value or []

    async def _send(self, claimed: Claimed) -> None:
        try:
            answer = await self._post(claimed)
            await self._store(claimed, answer)
        except (Transient, StatementRejected) as trouble:
            # the lease ends, and the message is sent again
            log.warning("webhook.not_stored", message=str(claimed.message), error=repr(trouble))
        self._alarm.ring()  # the message may be due again, or another of its webhook

    async def _post(self, claimed: Claimed) -> Answer:
        secrets = opened(self._sealer, claimed.hook, claimed.sealed)
        if not secrets:
            return Answer(Trouble.UNREADABLE_SECRET)
        body = claimed.body.encode()
        headers = signed_headers(str(claimed.message), utc_now(), body, secrets)
        return await self._poster.post(claimed.url, body, headers)

    async def _store(self, claimed: Claimed, answer: Answer) -> None:
        """Store the outcome of an attempt, and switch the webhook off if it failed for too long."""
        outcome: Callable[[UnitOfWork], Awaitable[None]]
        if answer.trouble is None:
            outcome = lambda unit: _taken(unit, claimed, answer)  # noqa: E731 - each outcome is a unit of work
        elif answer.gone:
            outcome = lambda unit: _gone(unit, claimed, answer)  # noqa: E731
        else:
            draw = random.uniform(-1, 1)
            outcome = lambda unit: _failed(unit, claimed, answer, draw)  # noqa: E731
        await self._engine.run(outcome, Causes.first(ACTOR))
        ATTEMPTS.labels(answer.trouble or "taken").inc()
        log.info(
            "webhook.attempt",
            message=str(claimed.message),
            webhook=str(claimed.hook),
            outcome=answer.trouble or "taken",
            status=answer.status,
        )


async def _taken(unit: UnitOfWork, claimed: Claimed, answer: Answer) -> None:
    if await note_attempt(unit.flushed, claimed.message, answer, unit.at):
        await count_taken(unit.flushed, claimed.hook)


async def _gone(unit: UnitOfWork, claimed: Claimed, answer: Answer) -> None:
    if await note_attempt(unit.flushed, claimed.message, answer, unit.at, given_up=GivenUp.GONE):
        await switch_off(unit, claimed.hook, claimed.account, HookOffReason.GONE, _GONE)


async def _failed(unit: UnitOfWork, claimed: Claimed, answer: Answer, draw: float) -> None:
    pause = retry_after_of(answer.retry_after, unit.at)
    again_at = next_attempt(claimed.tries + 1, unit.at, claimed.give_up_at, pause, draw)
    given_up = GivenUp.NOT_TAKEN if again_at is None else None
    waited = await note_attempt(
        unit.flushed, claimed.message, answer, unit.at, again_at=again_at, given_up=given_up
    )
    if not waited:
        return
    health = await count_failed(unit.flushed, claimed.hook, unit.at, given_up=given_up is not None)
    reason = health and reason_to_switch_off(health.given_up, health.failing_since, unit.at)
    if reason:
        await switch_off(unit, claimed.hook, claimed.account, HookOffReason.FAILING, reason)
