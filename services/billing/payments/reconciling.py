"""Asks the provider for payments of which no notification was received."""

from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge

from libs.eventsourcing import Causes, Engine, Refused, Scope, UnitOfWork
from libs.eventsourcing.background import DurableEffect
from libs.eventsourcing.values import utc_now
from services.billing.order.settling import NO_TOLERANCE, Tolerance
from services.billing.payments.recording import record_report
from services.billing.payments.tables import Claimed, Silence, ask_later, claim_silent, next_question
from services.billing.payments.unforeseen import Unforeseen, asking, recording
from services.billing.ports import PaymentDeclined, PaymentProvider, ProviderUnavailable

log = structlog.stdlib.get_logger()

RECONCILED = Counter(
    "adrelay_billing_reconciled_total",
    "Payments that the reconciler asked the provider for, by outcome: as for notifications, or "
    "unavailable, unknown_payment, failed (an unexpected answer), or given_up (not asked for any more).",
    ["outcome"],
)
LATE = Gauge(
    "adrelay_billing_reconciler_late_seconds",
    "How long the next payment has been due: grows while the provider or the budget delays it.",
)
_SHORTEST_SLEEP_SECONDS = 0.05
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_MARGIN_SECONDS = 2.0


class Reconciler:
    """Finds payments whose notifications were lost.

    One process asks for a payment at a time, under a lease, within one budget of requests for all replicas;
    if it dies, another asks again. The provider's answer is recorded as its notifications are. An unexpected
    answer counts as none: only its payment waits, each time longer.
    """

    def __init__(
        self,
        provider: PaymentProvider,
        silence: Silence,
        *,
        calls_per_minute: int,
        timeout_seconds: float,
        tolerance: Tolerance = NO_TOLERANCE,
    ) -> None:
        self._provider = provider
        self._silence = silence
        self._tolerance = tolerance
        self._spacing = timedelta(minutes=1) / calls_per_minute
        self._lease = timedelta(seconds=timeout_seconds + _MARGIN_SECONDS)
        self._pause = 0.0

    async def run(self, engine: Engine) -> None:
        """Ask for due payments, until cancelled."""

        async def claim() -> Claimed | None:
            if self._provider.pause_seconds:
                return None
            return (await engine.run(self._claim, Causes.unprompted(f"service:{engine.service}"))).value

        await DurableEffect(
            "reconciler",
            engine,
            claim=claim,
            act=lambda claimed: self._act(claimed, engine),
            due=lambda: self._due(engine),
            shortest_seconds=_SHORTEST_SLEEP_SECONDS,
        ).run()

    async def _act(self, claimed: Claimed, engine: Engine) -> float:
        """Ask for a payment, unless it is given up; return the seconds to pause."""
        if claimed.given_up:
            RECONCILED.labels("given_up").inc()
            log.info("payment.given_up", order=claimed.order, payment=claimed.payment)
            return 0.0
        outcome = await self._ask(claimed, engine)
        RECONCILED.labels(outcome).inc()
        if outcome != "unavailable":
            self._pause = 0.0
        return self._pause

    async def _claim(self, unit: UnitOfWork) -> Claimed | None:
        return await claim_silent(
            unit.flushed,
            self._provider.name,
            unit.at,
            self._silence,
            lease=self._lease,
            spacing=self._spacing,
        )

    async def _ask(self, claimed: Claimed, engine: Engine) -> str:
        """Ask for a payment, record the answer, and return the outcome."""
        scope = Scope(engine, Causes.unprompted(f"service:{engine.service}"))
        answered = True
        try:
            with asking():
                report = await self._provider.report(claimed.payment)
            with recording():
                outcome = await record_report(report, self._provider, self._tolerance, scope)
        except ProviderUnavailable as error:
            answered, outcome = False, "unavailable"
            self._pause = min(_LONGEST_PAUSE_SECONDS, max(_PAUSE_SECONDS, 2 * self._pause))
            log.warning("reconciler.unavailable", why=str(error), pause_seconds=self._pause)
        except PaymentDeclined as refusal:
            outcome = "unknown_payment"
            log.warning(
                "payment.unknown_there", order=claimed.order, payment=claimed.payment, why=str(refusal)
            )
        except Refused as refusal:
            outcome = refusal.code
            log.warning("reconciler.refused", order=claimed.order, payment=claimed.payment, code=refusal.code)
        except Unforeseen as odd:
            outcome = "failed"
            log.exception("reconciler.failed", order=claimed.order, payment=claimed.payment, error=str(odd))
        else:
            log.info("payment.asked_for", order=claimed.order, payment=claimed.payment, outcome=outcome)
        await scope.run(
            lambda unit: ask_later(unit.flushed, claimed, unit.at, self._silence, answered=answered)
        )
        return outcome

    async def _due(self, engine: Engine) -> datetime | None:
        """Return when a request is due and allowed, None if none is known; set the metric of lateness."""
        due_at, free_at = await engine.query(
            lambda sql: next_question(sql, self._provider.name, self._silence.first)
        )
        if due_at is None:
            LATE.set(0)
            return None
        LATE.set(max(0.0, (utc_now() - due_at).total_seconds()))
        quiet = timedelta(seconds=self._provider.pause_seconds)
        return max(due_at, free_at, utc_now() + quiet)
