"""The control API for tests and people, over HTTP."""

from typing import Annotated

from fastapi import FastAPI, HTTPException, Query

from sandbox.nowpayments.background import Background
from sandbox.nowpayments.cashier import Cashier
from sandbox.nowpayments.faults import Faults
from sandbox.nowpayments.messages import (
    Call,
    Deposit,
    Fault,
    Notice,
    NotificationView,
    PaymentView,
    Resending,
    StatusChange,
    SwitchChange,
    Switches,
)
from sandbox.nowpayments.notifying import Notification, Notifier
from sandbox.nowpayments.payments import Ledger, Payment

SETTLING_SECONDS = 10


class Control:
    """The routes under ``/control``; they need no key, so they belong on loopback."""

    def __init__(
        self, ledger: Ledger, cashier: Cashier, notifier: Notifier, faults: Faults, background: Background
    ) -> None:
        self._ledger = ledger
        self._cashier = cashier
        self._notifier = notifier
        self._faults = faults
        self._background = background

    def app(self) -> FastAPI:
        """Return the control API as an application of its own."""
        app = FastAPI(title="NOWPayments sandbox: control")
        payment = "/payments/{payment_id}"
        app.add_api_route("/payments", self.payments)
        app.add_api_route(payment, self.payment)
        app.add_api_route(f"{payment}/deposit", self.deposit, methods=["POST"])
        app.add_api_route(f"{payment}/status", self.set_status, methods=["POST"])
        app.add_api_route(f"{payment}/notify", self.notify, methods=["POST"])
        app.add_api_route(f"{payment}/resend", self.resend, methods=["POST"])
        app.add_api_route("/notifications", self.notifications)
        app.add_api_route("/switches", self.switches)
        app.add_api_route("/switches", self.switch, methods=["PATCH"])
        app.add_api_route("/faults", self.faults)
        app.add_api_route("/faults", self.add_fault, methods=["POST"])
        app.add_api_route("/faults", self.clear_faults, methods=["DELETE"])
        app.add_api_route("/calls", self.calls)
        app.add_api_route("/settled", self.settled)
        app.add_api_route("/reset", self.reset, methods=["POST"])
        return app

    async def payments(self) -> list[PaymentView]:
        """List all payments, oldest first."""
        return [_payment_view(payment) for payment in self._ledger]

    async def payment(self, payment_id: str) -> PaymentView:
        """Show one payment."""
        return _payment_view(self._find(payment_id))

    async def deposit(self, payment_id: str, deposit: Deposit) -> PaymentView:
        """Receive coins; the answer is the payment they count for, a new one for a repeated deposit."""
        try:
            return _payment_view(await self._cashier.deposit(self._find(payment_id), deposit))
        except ValueError as error:
            raise HTTPException(422, str(error)) from error

    async def set_status(self, payment_id: str, change: StatusChange) -> PaymentView:
        """Set the payment's status."""
        payment = self._find(payment_id)
        await self._cashier.set_status(payment, change.status, change)
        return _payment_view(payment)

    async def notify(self, payment_id: str, notice: Notice) -> NotificationView:
        """Send a notification of the payment's current state, with some fields changed."""
        return _notification_view(await self._cashier.notify(self._find(payment_id), notice))

    async def resend(self, payment_id: str, resending: Resending) -> list[NotificationView]:
        """Repeat an earlier notification, byte for byte."""
        try:
            copies = await self._cashier.resend(self._find(payment_id), resending)
        except LookupError as error:
            raise HTTPException(404, str(error)) from error
        return [_notification_view(notification) for notification in copies]

    async def notifications(
        self, payment_id: Annotated[str | None, Query()] = None
    ) -> list[NotificationView]:
        """List the notifications, in the order in which they were written."""
        return [
            _notification_view(notification)
            for notification in self._notifier.written
            if payment_id in {None, str(notification.payment)}
        ]

    async def switches(self) -> Switches:
        """Show the switches."""
        return self._notifier.switches

    async def switch(self, change: SwitchChange) -> Switches:
        """Set some switches."""
        changed = change.model_dump(exclude_none=True)
        self._notifier.switches = self._notifier.switches.model_copy(update=changed)
        return self._notifier.switches

    async def faults(self) -> list[Fault]:
        """List the active faults."""
        return self._faults.active()

    async def add_fault(self, fault: Fault) -> list[Fault]:
        """Add a fault."""
        self._faults.add(fault)
        return self._faults.active()

    async def clear_faults(self) -> list[Fault]:
        """Remove all faults."""
        self._faults.clear()
        return self._faults.active()

    async def calls(self) -> list[Call]:
        """List the answered calls of the API."""
        return self._faults.calls

    async def settled(self, timeout_seconds: Annotated[float, Query(ge=0)] = SETTLING_SECONDS) -> bool:
        """Answer once no step and no retry is pending; false after a timeout."""
        return await self._background.idle(timeout_seconds)

    async def reset(self) -> bool:
        """Reset everything but the payment ids that were used."""
        await self._background.stop()
        self._faults.clear()
        self._faults.calls.clear()
        self._notifier.forget()
        self._ledger.forget()
        return True

    def _find(self, payment_id: str) -> Payment:
        payment = self._ledger.find(payment_id)
        if payment is None:
            raise HTTPException(404, f"there is no payment {payment_id}")
        return payment


def _payment_view(payment: Payment) -> PaymentView:
    return PaymentView(
        payment_id=str(payment.number),
        parent_payment_id=None if payment.parent is None else str(payment.parent),
        status=payment.status,
        history=tuple(payment.history),
        order_id=payment.asked.order_id,
        price_amount=payment.asked.price_amount,
        price_currency=payment.asked.price_currency,
        pay_amount=payment.pay_amount,
        asked_currency=payment.asked.pay_currency,
        pay_currency=payment.pay_currency,
        pay_address=payment.address,
        payin_extra_id=payment.memo,
        received=payment.received,
        ipn_callback_url=payment.asked.ipn_callback_url,
        created_at=payment.created_at,
        expires_at=payment.expires_at,
    )


def _notification_view(notification: Notification) -> NotificationView:
    return NotificationView(
        id=notification.number,
        payment_id=str(notification.payment),
        status=notification.status,
        url=notification.url,
        body=notification.body,
        signature=notification.signature,
        forged=notification.forged,
        copy_of=notification.copy_of,
        state=notification.state,
        attempts=tuple(notification.attempts),
    )
