"""Requests orders' payments from the provider: the intent is stored, and the outcome once."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter

from libs.events.billing import OrderPlaced
from libs.events.values import OrderNumber, PaymentId
from libs.eventsourcing import Causes, Engine, Refused, Scope, UnitOfWork
from libs.eventsourcing.background import DurableEffect
from libs.eventsourcing.values import utc_now
from services.billing.order.commands import RecordPaymentRequest
from services.billing.order.domain import ORDER
from services.billing.order.state import Lapsed, Pending
from services.billing.order.tables import (
    claim_next_request,
    claim_request,
    next_request,
    put_off_request,
)
from services.billing.payments.unforeseen import Unforeseen, asking, recording
from services.billing.ports import (
    PaymentDeclined,
    PaymentOffer,
    PaymentProvider,
    PaymentWish,
    ProviderUnavailable,
)

log = structlog.stdlib.get_logger()

REQUESTS = Counter(
    "adrelay_billing_payment_requests_total",
    "Payments requested from the provider, by outcome: made, superfluous, declined, unavailable, or "
    "failed (an unexpected answer).",
    ["outcome"],
)
_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_SHORTEST_SLEEP_SECONDS = 0.5
_MARGIN_SECONDS = 0.5
"""Added to the provider's timeout, so that the provider's own expires first."""
_WAIT_SECONDS = 0.05


class PaymentRequests:
    """Requests a payment for each pending order.

    The intent is the order's row, claimed before the request by one process at a time, under a lease that
    outlasts the request. The key is the order's number, which the provider repeats in its messages. The
    outcome is `PaymentRequested`, once per order, after which there are no more requests.

    The provider has no idempotency key and can't find a payment by its order. If a process dies or an answer
    is lost between the payment's creation and its record, only the provider knows the payment. If its
    notification arrives before the next attempt, the payment is adopted (`adopting.py`). Otherwise that
    attempt creates a second payment, and reports of the first are refused as `wrong_payment` for ever. Nobody
    was shown its address: it should never be paid, and expire. If it is paid nevertheless, an event reports
    it for a person (`UnmatchedPaymentReported`). An order has one payment in any case.
    """

    def __init__(self, provider: PaymentProvider, *, timeout_seconds: float) -> None:
        self._provider = provider
        self._timeout = timeout_seconds + _MARGIN_SECONDS
        self._lease = timedelta(seconds=timeout_seconds + 2 * _MARGIN_SECONDS)

    async def fulfil(
        self, order: OrderNumber, scope: Scope, place: Callable[[UnitOfWork], Awaitable[object]]
    ) -> None:
        """Wait until an order has its payment, requested by any process; `place` makes sure that it exists.

        Raise `Refused` if `place` does, if the provider is unavailable, or if it declines the payment.
        """

        async def look(unit: UnitOfWork) -> tuple[Pending | None, bool]:
            await place(unit)
            state = await unit.load(ORDER, order)
            if not isinstance(state, Pending):
                return None, False
            return state, await claim_request(unit.flushed, order, unit.at, self._lease)

        deadline = time.monotonic() + self._lease.total_seconds()
        while time.monotonic() < deadline:
            pending, claimed = await scope.run(look) or (None, False)
            if pending is None:
                return
            if claimed:
                await self._ask(order, pending, scope)
                return
            await asyncio.sleep(_WAIT_SECONDS)  # another process, or the loop below, has claimed the request
        raise Refused("provider_unavailable", "the payment provider has not answered yet")

    async def run(self, engine: Engine) -> None:
        """Request payments that are due, after a crash or a failure of the provider, until cancelled."""

        def scope() -> Scope:
            return Scope(engine, Causes.unprompted(f"service:{engine.service}"))

        async def claim() -> OrderNumber | None:
            if self._provider.pause_seconds:
                return None
            return await scope().run(lambda unit: claim_next_request(unit.flushed, unit.at, self._lease))

        async def ask(order: OrderNumber) -> float:
            with suppress(Refused):  # logged, and due again later
                await self._ask(order, None, scope())
            return 0.0

        async def due() -> datetime | None:
            at = await engine.query(next_request)
            pause = self._provider.pause_seconds
            return max(at, utc_now() + timedelta(seconds=pause)) if at is not None else None

        effect = DurableEffect(
            "payment_requests",
            engine,
            claim=claim,
            act=ask,
            due=due,
            shortest_seconds=_SHORTEST_SLEEP_SECONDS,
        )
        await effect.run()

    async def _ask(self, order: OrderNumber, known: Pending | None, scope: Scope) -> None:
        """Request the payment of an order that this process has claimed, and record it.

        After an unexpected failure the pause is long, for each attempt may have created a payment.
        """
        try:
            with recording():
                pending = known or await self._pending(order, scope)
            if pending is None:
                return
            offer = await self._offer(pending.placed, scope)
            if offer is not None:
                with recording():
                    await self._record(order, offer, scope)
        except Unforeseen as odd:
            log.exception("payment_requests.failed", order=order, error=str(odd))
            await self._put_off(order, scope, (_MINUTE, _HOUR), "failed", str(odd))
            raise Refused("provider_unavailable", "the payment provider's answer is of no use") from odd

    async def _offer(self, placed: OrderPlaced, scope: Scope) -> PaymentOffer | None:
        """Return the payment that the provider creates, None if the order has one by now."""
        order = placed.order
        wish = PaymentWish(
            order=order,
            price_usd=placed.plan.price_usd,
            coin=placed.coin,
            description=f"{placed.plan.name}, {placed.plan.validity_days} days",
        )
        try:
            async with asyncio.timeout(self._timeout):
                with asking():
                    return await self._provider.request(wish)
        except PaymentDeclined as refusal:
            await self._put_off(order, scope, (_HOUR, 6 * _HOUR), "declined", str(refusal))
            raise Refused("payment_declined", str(refusal)) from refusal
        except (ProviderUnavailable, TimeoutError) as error:
            if await self._payment(order, scope):
                return None  # a notification was recorded before the answer
            await self._put_off(order, scope, (_SECOND, 60 * _SECOND), "unavailable", repr(error))
            raise Refused("provider_unavailable", "the payment provider does not answer") from error

    async def _record(self, order: OrderNumber, offer: PaymentOffer, scope: Scope) -> None:
        async def record(unit: UnitOfWork) -> bool:
            command = RecordPaymentRequest(
                provider=self._provider.name,
                payment=offer.payment,
                address=offer.address,
                memo=offer.memo,
                amount=offer.amount,
                expires_at=offer.expires_at,
            )
            return bool(await unit.execute(ORDER, order, command))

        if await scope.run(record) or await self._payment(order, scope) == offer.payment:
            REQUESTS.labels("made").inc()
        else:
            REQUESTS.labels("superfluous").inc()
            log.warning("payment.superfluous", order=order, payment=offer.payment)

    async def _pending(self, order: OrderNumber, scope: Scope) -> Pending | None:
        state = await scope.run(lambda unit: unit.load(ORDER, order))
        return state if isinstance(state, Pending) else None

    async def _payment(self, order: OrderNumber, scope: Scope) -> PaymentId | None:
        """Return the order's payment, None if it has none."""

        async def look(unit: UnitOfWork) -> PaymentId | None:
            state = await unit.load(ORDER, order)
            if state is None or isinstance(state, Pending | Lapsed) or state.request is None:
                return None
            return state.request.payment

        return await scope.run(look)

    async def _put_off(
        self, order: OrderNumber, scope: Scope, pause: tuple[timedelta, timedelta], outcome: str, why: str
    ) -> None:
        REQUESTS.labels(outcome).inc()
        log.warning("payment.not_made", order=order, outcome=outcome, why=why)
        await scope.run(lambda unit: put_off_request(unit.flushed, order, unit.at, *pause))
        scope.changed()
