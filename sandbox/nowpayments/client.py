"""A client of the control API, for tests and the demo; the sandbox may run in another process."""

from decimal import Decimal
from types import TracebackType
from typing import Self, TypedDict, TypeVar, Unpack

import httpx
from pydantic import JsonValue, TypeAdapter

from sandbox.nowpayments.messages import (
    Call,
    Deposit,
    Fault,
    Message,
    Notice,
    NotificationView,
    Order,
    PaymentView,
    Redeposits,
    Resending,
    StatusChange,
    SwitchChange,
    Switches,
)
from sandbox.plain_http import NO_TLS

T = TypeVar("T")

ANSWER_SECONDS = 60
"""The client's timeout: an action is answered after one attempt of each of its notifications."""


class ControlError(Exception):
    """The control API refused; the message says why."""


class Sent(TypedDict, total=False):
    """How an action's notifications are sent: the fields of ``Sending``."""

    steps: tuple[str, ...]
    step_seconds: float
    repeat: int
    order: Order
    seed: int
    together: bool
    silent: bool
    forged: bool
    leave_out: tuple[str, ...]
    null: tuple[str, ...]
    wait: bool


class SwitchFields(TypedDict, total=False):
    """The switches to set: the fields of ``SwitchChange``."""

    silent: bool
    forged: bool
    index_arrays: bool
    tell_waiting: bool
    redeposits: Redeposits
    newest: bool
    leave_out: tuple[str, ...]
    null: tuple[str, ...]
    retries: int
    retry_seconds: float
    answer_within_seconds: float


class FaultFields(TypedDict, total=False):
    """When a fault applies: the fields of ``Fault``."""

    count: int
    for_seconds: float
    method: str
    path: str


class NowPaymentsControl:
    """Controls a sandbox; ``base_url`` is its own or its control API's address.

    Every action accepts the fields of ``Sending`` as keywords, and returns after one attempt of each of its
    notifications, unless ``wait=False``.
    """

    def __init__(self, base_url: str) -> None:
        root = base_url.rstrip("/").removesuffix("/control")
        self._http = httpx.AsyncClient(
            base_url=f"{root}/control",
            trust_env=False,
            verify=NO_TLS,
            timeout=ANSWER_SECONDS,
            limits=httpx.Limits(keepalive_expiry=2.0),  # below the server's own 5 s
        )

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def payments(self) -> list[PaymentView]:
        """Return all payments, oldest first."""
        return await self._call(list[PaymentView], "GET", "/payments")

    async def payment(self, payment_id: str) -> PaymentView:
        """Return one payment."""
        return await self._call(PaymentView, "GET", f"/payments/{payment_id}")

    async def payment_of(self, order_id: str) -> PaymentView:
        """Return the first payment of an order; raises ControlError if it has none."""
        for payment in await self.payments():
            if payment.order_id == order_id:
                return payment
        raise ControlError(f"there is no payment of order {order_id}")

    async def pay(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Pay in full."""
        return await self.deposit(payment_id, Deposit.model_validate(sent))

    async def pay_part(
        self,
        payment_id: str,
        *,
        fraction: Decimal | None = None,
        amount: Decimal | None = None,
        **sent: Unpack[Sent],
    ) -> PaymentView:
        """Pay a part, half by default; the payment stays ``partially_paid``."""
        if amount is None and fraction is None:
            fraction = Decimal("0.5")
        return await self._deposit(payment_id, sent, fraction=fraction, amount=amount)

    async def overpay(
        self, payment_id: str, *, fraction: Decimal = Decimal("1.5"), **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay more than was asked for, one and a half times by default."""
        return await self._deposit(payment_id, sent, fraction=fraction)

    async def pay_late(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Expire the payment, and then pay it in full."""
        return await self._deposit(payment_id, sent, late=True)

    async def pay_in(
        self, payment_id: str, coin: str, *, amount: Decimal | None = None, **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay in another coin, the same value by default; the provider accepts it."""
        return await self._deposit(payment_id, sent, coin=coin, amount=amount)

    async def pay_and_fail(
        self,
        payment_id: str,
        ends: str = "failed",
        *,
        fraction: Decimal | None = None,
        **sent: Unpack[Sent],
    ) -> PaymentView:
        """Pay, in full or a part, and let the payment then fail with the money."""
        return await self._deposit(payment_id, sent, ends=ends, fraction=fraction)

    async def pay_again(
        self, payment_id: str, *, amount: Decimal | None = None, coin: str | None = None, **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay to an address that had its deposit; return the resulting new payment."""
        if not (await self.payment(payment_id)).received:
            raise ControlError("nothing was paid yet, so this would not be a second deposit")
        return await self._deposit(payment_id, sent, amount=amount, coin=coin)

    async def pay_twice(self, payment_id: str, **sent: Unpack[Sent]) -> tuple[PaymentView, PaymentView]:
        """Pay the full sum twice; return the payment, and the new one of the second deposit."""
        return await self.pay(payment_id, **sent), await self.pay_again(payment_id, **sent)

    async def deposit(self, payment_id: str, deposit: Deposit) -> PaymentView:
        """Receive coins as described; return the payment they count for."""
        return await self._call(PaymentView, "POST", f"/payments/{payment_id}/deposit", deposit)

    async def fail(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Fail the payment."""
        return await self.set_status(payment_id, "failed", **sent)

    async def refund(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Refund the payment."""
        return await self.set_status(payment_id, "refunded", **sent)

    async def expire(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Expire the payment."""
        return await self.set_status(payment_id, "expired", **sent)

    async def set_status(self, payment_id: str, status: str, **sent: Unpack[Sent]) -> PaymentView:
        """Set the payment's status, which may be an unknown one."""
        change = StatusChange.model_validate({**sent, "status": status})
        return await self._call(PaymentView, "POST", f"/payments/{payment_id}/status", change)

    async def notify(
        self,
        payment_id: str,
        change: dict[str, JsonValue] | None = None,
        *,
        url: str | None = None,
        **sent: Unpack[Sent],
    ) -> NotificationView:
        """Send a notification of the payment's current state, correctly signed, with these fields changed."""
        notice = Notice.model_validate({**sent, "change": change or {}, "url": url})
        return await self._call(NotificationView, "POST", f"/payments/{payment_id}/notify", notice)

    async def resend(
        self, payment_id: str, *, times: int = 1, status: str | None = None, together: bool = False
    ) -> list[NotificationView]:
        """Repeat the last notification (with this status) this often, byte for byte."""
        resending = Resending(times=times, status=status, together=together)
        return await self._call(list[NotificationView], "POST", f"/payments/{payment_id}/resend", resending)

    async def notifications(self, payment_id: str | None = None) -> list[NotificationView]:
        """Return the notifications as sent, with the answers to each."""
        params = {} if payment_id is None else {"payment_id": payment_id}
        return await self._call(list[NotificationView], "GET", "/notifications", params=params)

    async def switches(self) -> Switches:
        """Return the switches."""
        return await self._call(Switches, "GET", "/switches")

    async def switch(self, **changed: Unpack[SwitchFields]) -> Switches:
        """Set these switches; the others are unchanged."""
        return await self._call(Switches, "PATCH", "/switches", SwitchChange.model_validate(changed))

    async def be_down(
        self, status: int = 503, *, retry_after_seconds: int | None = None, **when: Unpack[FaultFields]
    ) -> None:
        """Answer calls with this status and a `Retry-After` of this time."""
        how = {"kind": "error", "status": status, "retry_after_seconds": retry_after_seconds}
        await self.break_with(Fault.model_validate({**when, **how}))

    async def be_slow(self, seconds: float, **when: Unpack[FaultFields]) -> None:
        """Delay the answers to calls."""
        await self.break_with(Fault.model_validate({**when, "kind": "slow", "seconds": seconds}))

    async def hang(self, **when: Unpack[FaultFields]) -> None:
        """Neither execute nor answer calls."""
        await self.break_with(Fault.model_validate({**when, "kind": "hang"}))

    async def lose_answers(self, **when: Unpack[FaultFields]) -> None:
        """Execute calls without answering them."""
        await self.break_with(Fault.model_validate({**when, "kind": "lose_answer"}))

    async def answer_garbage(self, **when: Unpack[FaultFields]) -> None:
        """Answer calls with a page that is not JSON."""
        await self.break_with(Fault.model_validate({**when, "kind": "garbage"}))

    async def change_answers(self, change: dict[str, JsonValue], **when: Unpack[FaultFields]) -> None:
        """Execute calls, and answer with these fields changed."""
        await self.break_with(Fault.model_validate({**when, "kind": "change", "change": change}))

    async def cut_answers(self, **when: Unpack[FaultFields]) -> None:
        """Execute calls, and close the connection in the middle of the answer."""
        await self.break_with(Fault.model_validate({**when, "kind": "cut"}))

    async def break_with(self, fault: Fault) -> list[Fault]:
        """Add a fault; return all active ones."""
        return await self._call(list[Fault], "POST", "/faults", fault)

    async def faults(self) -> list[Fault]:
        """Return the active faults."""
        return await self._call(list[Fault], "GET", "/faults")

    async def heal(self) -> None:
        """Remove all faults; delayed calls are answered."""
        await self._call(list[Fault], "DELETE", "/faults")

    async def calls(self) -> list[Call]:
        """Return the answered calls of the API."""
        return await self._call(list[Call], "GET", "/calls")

    async def settled(self, timeout_seconds: float = 10) -> bool:
        """Return True once no step and no retry is pending, False after a timeout."""
        return await self._call(bool, "GET", "/settled", params={"timeout_seconds": str(timeout_seconds)})

    async def reset(self) -> None:
        """Reset the sandbox, except for the payment ids that were used."""
        await self._call(bool, "POST", "/reset")

    async def _deposit(self, payment_id: str, sent: Sent, **how: Decimal | str | bool | None) -> PaymentView:
        return await self.deposit(payment_id, Deposit.model_validate({**sent, **how}))

    async def _call(
        self,
        kind: type[T],
        method: str,
        path: str,
        message: Message | None = None,
        params: dict[str, str] | None = None,
    ) -> T:
        content = None if message is None else message.model_dump_json()
        headers = {"content-type": "application/json"}
        answer = await self._http.request(method, path, content=content, headers=headers, params=params)
        if answer.is_error:
            raise ControlError(f"{method} {path}: {answer.status_code} {answer.text}")
        return TypeAdapter[T](kind).validate_json(answer.content)
