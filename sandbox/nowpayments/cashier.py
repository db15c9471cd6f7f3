"""Changes of payments: money is received, time runs out, a person intervenes."""

import asyncio
import random
from collections.abc import Sequence
from decimal import Decimal

from sandbox.nowpayments.background import Background
from sandbox.nowpayments.coins import COINS, convert
from sandbox.nowpayments.messages import Deposit, Notice, Resending, Sending
from sandbox.nowpayments.notifying import Notification, Notifier
from sandbox.nowpayments.payments import Ledger, Payment

PAID = ("confirming", "confirmed", "sending", "finished")
SHORT = ("confirming", "confirmed", "partially_paid")
SEEN = ("confirming",)


class Cashier:
    """Moves payments from status to status, and notifies the merchant of each step."""

    def __init__(self, ledger: Ledger, notifier: Notifier, background: Background) -> None:
        self._ledger = ledger
        self._notifier = notifier
        self._background = background

    def opened(self, payment: Payment) -> None:
        """Notify of a new payment, if that is enabled."""
        if self._notifier.switches.tell_waiting:
            self._background.spawn(self._notifier.send([self._notifier.write(payment, Sending(steps=None))]))

    async def deposit(self, payment: Payment, deposit: Deposit) -> Payment:
        """Receive coins; return the payment that they count for, a new one if this one had its deposit.

        Raises ValueError for an unknown coin.
        """
        asked = payment.asked.pay_currency
        coin = (deposit.coin or asked).lower()
        if coin not in COINS:
            raise ValueError(f"the made-up market has no {coin}")
        worth = payment.pay_amount * deposit.fraction if deposit.fraction is not None else payment.pay_amount
        amount = COINS[coin].rounded(deposit.amount or convert(worth, asked, coin))
        if not amount:
            raise ValueError(f"that is less than the smallest part of a {coin}")
        if payment.received:
            payment = self._ledger.repeat(payment, amount, coin)
        steps = deposit.steps or self._course(payment, amount, coin, deposit)
        if deposit.late and payment.status != "expired":
            await self._begin(payment, ("expired", *steps), deposit, (amount, coin))
        else:
            payment.take(amount, coin)
            await self._begin(payment, steps, deposit)
        return payment

    def _course(self, payment: Payment, amount: Decimal, coin: str, deposit: Deposit) -> tuple[str, ...]:
        """Return the usual statuses of a payment after this amount was received."""
        if deposit.ends is not None:
            return (*SEEN, deposit.ends)
        if payment.parent is not None and self._notifier.switches.redeposits == "partially_paid":
            return SHORT
        enough = coin != payment.asked.pay_currency or amount >= payment.pay_amount
        return PAID if enough else SHORT

    async def set_status(self, payment: Payment, status: str, sending: Sending) -> None:
        """Set the payment's status, and notify its merchant."""
        await self._begin(payment, (*(sending.steps or ()), status), sending)

    async def notify(self, payment: Payment, notice: Notice) -> Notification:
        """Send a notification of the payment's current state with changed fields, and return it."""
        batch = self._write(payment, notice)
        await self._send(batch, notice)
        return batch[0]

    async def resend(self, payment: Payment, resending: Resending) -> list[Notification]:
        """Send copies of an earlier notification of this payment, and return them.

        Raises LookupError if there was none.
        """
        written = [
            notification
            for notification in self._notifier.written
            if notification.payment == payment.number and resending.status in {None, notification.status}
        ]
        if not written:
            raise LookupError("no such notification was written")
        copies = [self._notifier.copy(written[-1]) for _ in range(resending.times)]
        await self._notifier.send(copies, together=resending.together)
        return copies

    async def _begin(
        self,
        payment: Payment,
        steps: Sequence[str],
        sending: Sending,
        late: tuple[Decimal, str] | None = None,
    ) -> None:
        if sending.wait:
            await self._play(payment, steps, sending, late)
        else:
            self._background.spawn(self._play(payment, steps, sending, late))

    async def _play(
        self,
        payment: Payment,
        steps: Sequence[str],
        sending: Sending,
        late: tuple[Decimal, str] | None,
    ) -> None:
        """Move the payment through the steps and notify of each, in the requested order.

        `late` notifications are sent after the first step.
        """
        batch: list[Notification] = []
        as_it_happens = sending.order == "as_happened" and not sending.together
        for index, status in enumerate(steps):
            if index:
                await asyncio.sleep(sending.step_seconds)
            if index and late is not None:
                payment.take(*late)
                late = None
            payment.become(status)
            step = self._write(payment, sending)
            if as_it_happens:
                await self._notifier.send(step)
            batch += step
        if not as_it_happens:
            await self._send(batch, sending)

    def _write(self, payment: Payment, sending: Sending) -> list[Notification]:
        """Return a notification of the payment's current state, once for each time to send it."""
        first = self._notifier.write(payment, sending)
        withheld = first.state == "withheld"
        return [first, *(self._notifier.copy(first, withheld=withheld) for _ in range(sending.repeat - 1))]

    async def _send(self, batch: list[Notification], sending: Sending) -> None:
        if sending.order == "reversed":
            batch.reverse()
        elif sending.order == "shuffled":
            random.Random(sending.seed).shuffle(batch)
        await self._notifier.send(batch, together=sending.together)
