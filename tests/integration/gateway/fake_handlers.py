"""Fakes of billing's and provisioning's command handlers, for orders, plans and the operator's commands."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from decimal import Decimal
from typing import TypeVar

from libs.events.billing import (
    OrderCancelled,
    OrderMarkedPaid,
    OrderPlaced,
    OrderReviewed,
    PaymentFinished,
    PaymentRefunded,
    PaymentRequested,
    ProductListed,
    ProductRepriced,
    ProductRetired,
)
from libs.events.commands.billing import (
    CancelOrder,
    ListProduct,
    MarkPaid,
    PlaceOrder,
    RecordNotification,
    Refund,
    RepriceProduct,
    RetireProduct,
    ReviewOrder,
)
from libs.events.commands.provisioning import (
    ExtendAdbot,
    ReplaceSeat,
    RestoreAdbot,
    RetireSession,
    SuspendAdbot,
)
from libs.events.provisioning import AdbotExtended, AdbotRestored, AdbotSuspended
from libs.events.values import AccountId, AdbotId, Coin, OrderNumber
from libs.eventsourcing import Command, CommandHandlers, Event, Refused, Scope, UnitOfWork
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.gateway.fake_services import BRONZE, already, append

ADDRESS = "bc1qexample"
AMOUNT = Decimal("0.00045600")
MEMO = "4711"

CommandT = TypeVar("CommandT", bound=Command)


class FakeBilling:
    """Billing with the plan bronze. Attributes determine refusals and delays."""

    def __init__(self) -> None:
        self.provider_away = False
        self.over: dict[OrderNumber, str] = {}
        """Orders that are refused as over, with the code of the refusal."""
        self.refusal: str | None = None
        """The code with which every command of the operator is refused."""
        self.no_sale: str | None = None
        """The code with which every order is refused."""
        self.placed: list[PlaceOrder] = []
        self.slow = asyncio.Event()
        self.slow.set()
        """While it is cleared, notifications are not answered."""
        self.seen: list[Command] = []
        self.handlers = CommandHandlers()
        self.handlers.outside(PlaceOrder)(self._place)
        self._on(RecordNotification, self._record)
        self._on(MarkPaid, self._mark_paid)
        self._on(Refund, self._refund)
        self._on(CancelOrder, self._cancel)
        self._on(ReviewOrder, self._review)
        self._on(ListProduct, self._list)
        self._on(RepriceProduct, self._reprice)
        self._on(RetireProduct, self._retire)

    def _on(self, kind: type[CommandT], handler: Callable[[CommandT, UnitOfWork], Awaitable[None]]) -> None:
        async def carry_out(command: CommandT, unit: UnitOfWork) -> None:
            self.seen.append(command)
            if self.refusal is not None:
                raise Refused(self.refusal)
            await handler(command, unit)

        self.handlers.on(kind)(carry_out)

    async def _place(self, command: PlaceOrder, scope: Scope) -> None:
        self.placed.append(command)
        self._check(command)
        stream = f"order-{command.order}"
        placed, requested = _placed(command), _requested(command.order, command.coin)

        async def place(unit: UnitOfWork) -> None:
            if not await already(unit, stream):
                await append(unit, stream, placed)

        async def request(unit: UnitOfWork) -> None:
            if await already(unit, stream) == 1:
                await append(unit, stream, requested)

        await scope.run(place)
        if self.provider_away:
            raise Refused("provider_unavailable", "the payment provider does not answer")
        if command.plan != "no-address":
            await scope.run(request)

    def _check(self, command: PlaceOrder) -> None:
        if self.no_sale is not None:
            raise Refused(self.no_sale)
        if command.plan == "broken":
            raise RuntimeError("this plan breaks the service")
        if command.plan not in {"bronze", "no-address"}:
            raise Refused("unknown_plan", "no plan is called so")
        if command.order in self.over:
            raise Refused(self.over[command.order])

    async def _record(self, command: RecordNotification, unit: UnitOfWork) -> None:
        del unit
        await self.slow.wait()
        if command.body.startswith(b"refuse "):
            raise Refused(command.body.removeprefix(b"refuse ").decode())
        if command.body == b"break":
            raise RuntimeError("this notification breaks the service")

    async def _mark_paid(self, command: MarkPaid, unit: UnitOfWork) -> None:
        finished = PaymentFinished(
            order=command.order,
            account=AccountId(new_id()),
            plan=BRONZE,
            payment=None,
            paid=Decimal(0),
            coin="BTC",
            by_hand=True,
        )
        marked = OrderMarkedPaid(order=command.order, reason=command.reason)
        await append(unit, f"order-{command.order}", marked, finished)

    async def _refund(self, command: Refund, unit: UnitOfWork) -> None:
        refunded = PaymentRefunded(order=command.order, payment=None, reason=command.reason, by_hand=True)
        await append(unit, f"order-{command.order}", refunded)

    async def _cancel(self, command: CancelOrder, unit: UnitOfWork) -> None:
        cancelled = OrderCancelled(order=command.order, reason=command.reason)
        await _append_to_order(command.order, cancelled, unit)

    async def _review(self, command: ReviewOrder, unit: UnitOfWork) -> None:
        await _append_to_order(command.order, OrderReviewed(order=command.order, note=command.note), unit)

    async def _list(self, command: ListProduct, unit: UnitOfWork) -> None:
        if command.plan == BRONZE:
            return
        await append(unit, f"product-{command.plan.code}", ProductListed(plan=command.plan))

    async def _reprice(self, command: RepriceProduct, unit: UnitOfWork) -> None:
        if not await already(unit, f"product-{command.code}"):
            raise Refused("unknown_plan")
        repriced = ProductRepriced(code=command.code, price_usd=command.price_usd)
        await append(unit, f"product-{command.code}", repriced)

    async def _retire(self, command: RetireProduct, unit: UnitOfWork) -> None:
        if not await already(unit, f"product-{command.code}"):
            raise Refused("unknown_plan")
        await append(unit, f"product-{command.code}", ProductRetired(code=command.code))


async def _append_to_order(order: OrderNumber, event: Event, unit: UnitOfWork) -> None:
    await append(unit, f"order-{order}", event)


def _placed(command: PlaceOrder) -> OrderPlaced:
    return OrderPlaced(
        order=command.order,
        account=command.account,
        plan=BRONZE.model_copy(update={"code": command.plan}),
        coin=command.coin,
        renews=command.renews,
        pay_by=utc_now() + timedelta(hours=1),
    )


def _requested(order: OrderNumber, coin: Coin) -> PaymentRequested:
    return PaymentRequested(
        order=order,
        provider="nowpayments",
        payment="5001",
        address=ADDRESS,
        memo=MEMO if coin == "XRP" else None,
        amount=AMOUNT,
        coin=coin,
        expires_at=utc_now() + timedelta(minutes=20),
    )


def provisioning() -> CommandHandlers:
    """Return provisioning's handlers: extend, suspend and restore any adbot; it has no sessions."""
    handlers = CommandHandlers()

    @handlers.on(ExtendAdbot)
    async def extend(command: ExtendAdbot, unit: UnitOfWork) -> None:
        extended = AdbotExtended(
            adbot=command.adbot,
            account=AccountId(new_id()),
            order=None,
            days=command.days,
            reason=command.reason,
            valid_from=unit.at,
            valid_until=unit.at + timedelta(days=command.days),
        )
        await _append_to_adbot(command.adbot, extended, unit)

    @handlers.on(SuspendAdbot)
    async def suspend(command: SuspendAdbot, unit: UnitOfWork) -> None:
        suspended = AdbotSuspended(adbot=command.adbot, reason=command.reason)
        await _append_to_adbot(command.adbot, suspended, unit)

    @handlers.on(RestoreAdbot)
    async def restore(command: RestoreAdbot, unit: UnitOfWork) -> None:
        await _append_to_adbot(command.adbot, AdbotRestored(adbot=command.adbot), unit)

    @handlers.on(ReplaceSeat)
    async def replace(command: ReplaceSeat, unit: UnitOfWork) -> None:
        del unit
        raise Refused("session_not_seated", f"session {command.session} is on no seat")

    @handlers.on(RetireSession)
    async def retire(command: RetireSession, unit: UnitOfWork) -> None:
        del unit
        raise Refused("unknown_session", f"there is no session {command.session}")

    del extend, suspend, restore, replace, retire
    return handlers


async def _append_to_adbot(adbot: AdbotId, event: Event, unit: UnitOfWork) -> None:
    await append(unit, f"adbot-{adbot}", event)
