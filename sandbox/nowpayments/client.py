"""The control's client, for tests and the demo; the sandbox may run in another process."""

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
"""An act is answered when each of its notifications was tried once, and each may take its time."""


class ControlError(Exception):
    """The control refused; the message says why."""


class Sent(TypedDict, total=False):
    """How an act's notifications are sent: the fields of ``Sending``."""

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


class Turned(TypedDict, total=False):
    """The switches to turn: the fields of ``SwitchChange``."""

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


class Struck(TypedDict, total=False):
    """When a fault strikes: the fields of ``Fault``."""

    count: int
    for_seconds: float
    method: str
    path: str


class NowPaymentsControl:
    """Makes things happen in a sandbox; ``base_url`` is its own or its control's address.

    Every act takes the fields of ``Sending`` as keywords, and returns when each of its notifications was
    tried once, unless ``wait=False``.
    """

    def __init__(self, base_url: str) -> None:
        root = base_url.rstrip("/").removesuffix("/control")
        self._http = httpx.AsyncClient(
            base_url=f"{root}/control",
            trust_env=False,
            verify=NO_TLS,
            timeout=ANSWER_SECONDS,
            limits=httpx.Limits(
                keepalive_expiry=2.0
            ),  # the server's own is 5 s: it must not be the quicker one
        )

    async def __aenter__(self) -> Self:
        """Be ready."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
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
        """Pay a part, one half if not given; the payment stays ``partially_paid``."""
        if amount is None and fraction is None:
            fraction = Decimal("0.5")
        return await self._deposit(payment_id, sent, fraction=fraction, amount=amount)

    async def overpay(
        self, payment_id: str, *, fraction: Decimal = Decimal("1.5"), **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay more than was asked for, one and a half times if not given."""
        return await self._deposit(payment_id, sent, fraction=fraction)

    async def pay_late(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Let the payment expire, and then pay it in full."""
        return await self._deposit(payment_id, sent, late=True)

    async def pay_in(
        self, payment_id: str, coin: str, *, amount: Decimal | None = None, **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay in another coin, the same worth if no amount is said; the provider takes it."""
        return await self._deposit(payment_id, sent, coin=coin, amount=amount)

    async def pay_in_vain(
        self,
        payment_id: str,
        ends: str = "failed",
        *,
        fraction: Decimal | None = None,
        **sent: Unpack[Sent],
    ) -> PaymentView:
        """Pay, in full or a fraction, and have it come to nothing: the payment ends so, with the money."""
        return await self._deposit(payment_id, sent, ends=ends, fraction=fraction)

    async def pay_again(
        self, payment_id: str, *, amount: Decimal | None = None, coin: str | None = None, **sent: Unpack[Sent]
    ) -> PaymentView:
        """Pay to an address that had its deposit; return the new payment that comes of it."""
        if not (await self.payment(payment_id)).received:
            raise ControlError("nothing was paid yet, so this would not be a second deposit")
        return await self._deposit(payment_id, sent, amount=amount, coin=coin)

    async def pay_twice(self, payment_id: str, **sent: Unpack[Sent]) -> tuple[PaymentView, PaymentView]:
        """Pay the full sum two times; return the payment, and the new one that comes of the second."""
        return await self.pay(payment_id, **sent), await self.pay_again(payment_id, **sent)

    async def deposit(self, payment_id: str, deposit: Deposit) -> PaymentView:
        """Let coins arrive as described; return the payment they count for."""
        return await self._call(PaymentView, "POST", f"/payments/{payment_id}/deposit", deposit)

    async def fail(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Let the payment fail."""
        return await self.set_status(payment_id, "failed", **sent)

    async def refund(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Give the payment back."""
        return await self.set_status(payment_id, "refunded", **sent)

    async def expire(self, payment_id: str, **sent: Unpack[Sent]) -> PaymentView:
        """Let the payment's time run out."""
        return await self.set_status(payment_id, "expired", **sent)

    async def set_status(self, payment_id: str, status: str, **sent: Unpack[Sent]) -> PaymentView:
        """Give the payment this status, which need not be one that anyone knows."""
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
        """Send a notification of the payment as it stands, well signed, with these fields changed."""
        notice = Notice.model_validate({**sent, "change": change or {}, "url": url})
        return await self._call(NotificationView, "POST", f"/payments/{payment_id}/notify", notice)

    async def resend(
        self, payment_id: str, *, times: int = 1, status: str | None = None, together: bool = False
    ) -> list[NotificationView]:
        """Send the last notification (that said this status) so often again, byte for byte."""
        resending = Resending(times=times, status=status, together=together)
        return await self._call(list[NotificationView], "POST", f"/payments/{payment_id}/resend", resending)

    async def notifications(self, payment_id: str | None = None) -> list[NotificationView]:
        """Return the notifications as they went out, with what was answered to each."""
        params = {} if payment_id is None else {"payment_id": payment_id}
        return await self._call(list[NotificationView], "GET", "/notifications", params=params)

    async def switches(self) -> Switches:
        """Return the switches as they stand."""
        return await self._call(Switches, "GET", "/switches")

    async def switch(self, **turned: Unpack[Turned]) -> Switches:
        """Turn these switches; the others stay."""
        return await self._call(Switches, "PATCH", "/switches", SwitchChange.model_validate(turned))

    async def be_down(
        self, status: int = 503, *, retry_after_seconds: int | None = None, **struck: Unpack[Struck]
    ) -> None:
        """Answer calls with this status, and ask to be left alone for so long."""
        how = {"kind": "error", "status": status, "retry_after_seconds": retry_after_seconds}
        await self.break_with(Fault.model_validate({**struck, **how}))

    async def be_slow(self, seconds: float, **struck: Unpack[Struck]) -> None:
        """Answer calls so much later."""
        await self.break_with(Fault.model_validate({**struck, "kind": "slow", "seconds": seconds}))

    async def hang(self, **struck: Unpack[Struck]) -> None:
        """Neither answer calls nor do what they ask."""
        await self.break_with(Fault.model_validate({**struck, "kind": "hang"}))

    async def lose_answers(self, **struck: Unpack[Struck]) -> None:
        """Do what calls ask, but don't answer them."""
        await self.break_with(Fault.model_validate({**struck, "kind": "lose_answer"}))

    async def talk_nonsense(self, **struck: Unpack[Struck]) -> None:
        """Answer calls with a page that is no JSON."""
        await self.break_with(Fault.model_validate({**struck, "kind": "garbage"}))

    async def answer_otherwise(self, change: dict[str, JsonValue], **struck: Unpack[Struck]) -> None:
        """Do what calls ask, and answer with these fields said otherwise."""
        await self.break_with(Fault.model_validate({**struck, "kind": "change", "change": change}))

    async def cut_answers(self, **struck: Unpack[Struck]) -> None:
        """Do what calls ask, and close the connection in the middle of the answer."""
        await self.break_with(Fault.model_validate({**struck, "kind": "cut"}))

    async def break_with(self, fault: Fault) -> list[Fault]:
        """Let the fault strike from now on; return all that do."""
        return await self._call(list[Fault], "POST", "/faults", fault)

    async def heal(self) -> None:
        """End all faults; calls that hang are answered."""
        await self._call(list[Fault], "DELETE", "/faults")

    async def calls(self) -> list[Call]:
        """Return the calls of the API that were answered."""
        return await self._call(list[Call], "GET", "/calls")

    async def settled(self, timeout_seconds: float = 10) -> bool:
        """Return True once no step and no retry is left to come, False if that takes longer."""
        return await self._call(bool, "GET", "/settled", params={"timeout_seconds": str(timeout_seconds)})

    async def reset(self) -> None:
        """Let the sandbox be as if just started, but for the payment ids that were used."""
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
