"""Which orders need a person, from when on, and until when."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from libs.events.billing import (
    DepositReceived,
    OrderFulfilled,
    PaymentConfirming,
    PaymentFailed,
    PaymentFinished,
    PaymentOverpaid,
    PaymentPartiallyPaid,
    PaymentRefunded,
    PaymentSending,
    UncountedMoneyReported,
    UnknownStatusReported,
    UnmatchedPaymentReported,
    WrongCoinReceived,
)
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
)
from libs.events.values import AdbotId, ApplicationId, Seat, SessionId, SessionLoss
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.tables import attention
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.queries import Queries
from tests.support.waiting import until

AT_ONCE = timedelta(0)


class Watched:
    """An order that things happen to, as the operator sees it."""

    def __init__(self, harness: GatewayHarness, admin: httpx.AsyncClient, client: Client) -> None:
        self.harness, self.admin, self.client, self.order = harness, admin, client, client.order
        self.adbot = AdbotId(new_id())
        self._mark = 0

    async def publish(self, *events: Any) -> None:  # noqa: ANN401 - events of any kind
        """Append events in billing, and wait until the gateway has read them."""
        self._mark += 1
        mark = UnknownStatusReported(order=self.order, payment="0", status=f"mark-{self._mark}")
        await self.harness.billing.publish(f"order-{self.order}", *events, mark)

        async def heard() -> bool:
            found = (await self.admin.get(f"orders/{self.order}")).json()
            return any(line["note"] == mark.status for line in found["history"])

        await until(heard)

    async def say_of_adbot(self, *events: Any) -> None:  # noqa: ANN401 - events of any kind
        """Append events in provisioning."""
        await self.harness.provisioning.publish(f"adbot-{self.adbot}", *events)

    async def kinds(self) -> set[str]:
        """Return why the order needs a person, but for the marks of `say`."""
        listed = (await self.admin.get("orders/attention")).json()["items"]
        return {one["kind"] for one in listed if one["order_number"] == self.order} - {"unknown_status"}

    async def becomes(self, *kinds: str) -> None:
        """Wait until the order needs a person for exactly this."""

        async def so() -> bool:
            return await self.kinds() == set(kinds)

        await until(so)

    async def review(self) -> None:
        """Note that it was seen to."""
        answer = await self.admin.post(f"orders/{self.order}/review", json={"reason": "seen to"})
        assert answer.status_code == 200, answer.text

    def overpaid(self, times: int) -> PaymentOverpaid:
        """Return what billing says when more came."""
        return PaymentOverpaid(order=self.order, paid=AMOUNT * (times + 1), excess=AMOUNT * times, coin="BTC")

    def partly(self) -> PaymentPartiallyPaid:
        """Return what billing says when a part came."""
        half = AMOUNT / 2
        return PaymentPartiallyPaid(order=self.order, payment="5001", paid=half, missing=half, coin="BTC")

    def finished(self) -> PaymentFinished:
        """Return what billing says when all came."""
        return PaymentFinished(
            order=self.order,
            account=self.client.account,
            plan=BRONZE,
            payment="5001",
            paid=AMOUNT,
            coin="BTC",
            by_hand=False,
        )

    def refunded(self) -> PaymentRefunded:
        """Return what billing says when the money goes back."""
        return PaymentRefunded(order=self.order, payment="5001", reason="wished so", by_hand=True)

    def unmatched(self, payment: str) -> UnmatchedPaymentReported:
        """Return what billing says when money came by a payment that is not the order's."""
        return UnmatchedPaymentReported(
            order=self.order,
            payment=payment,
            parent=None,
            why="wrong_payment",
            status="finished",
            paid=AMOUNT,
            amount=AMOUNT,
            currency="btc",
            price=BRONZE.price_usd,
            price_currency="USD",
        )

    def provisioned(self, seats: int) -> AdbotProvisioned:
        """Return what provisioning says when it delivered."""
        return AdbotProvisioned(
            adbot=self.adbot,
            order=self.order,
            account=self.client.account,
            plan=BRONZE,
            seats=tuple(seat() for _ in range(seats)),
            valid_from=None,
            valid_until=None,
        )


def seat() -> Seat:
    return Seat(session=SessionId(new_id()), pair=ApplicationId(new_id()))


@pytest.fixture
def order(harness: GatewayHarness, admin: httpx.AsyncClient, client: Client) -> Watched:
    """An order that waits to be paid."""
    return Watched(harness, admin, client)


async def test_an_overpaid_order_stands_there_until_it_is_reviewed(order: Watched) -> None:
    await order.publish(order.overpaid(1))
    (line,) = [
        one
        for one in (await order.admin.get("orders/attention")).json()["items"]
        if one["order_number"] == order.order and one["kind"] == "overpaid"
    ]
    assert (line["amount"], line["currency"]) == ("0.000456", "BTC")
    assert (line["email"], line["plan"], line["order_status"]) == (order.client.email, "bronze", "PENDING")
    shown = (await order.admin.get(f"orders/{order.order}")).json()["attention"]
    assert {one["kind"] for one in shown} == {"overpaid", "unknown_status"}
    assert line in shown
    await order.review()
    assert await order.kinds() == set()
    assert (await order.admin.get(f"orders/{order.order}")).json()["attention"] == []
    await order.publish(order.overpaid(2))
    assert await order.kinds() == {"overpaid"}


async def test_a_matter_of_satoshis_is_in_the_history_only(order: Watched) -> None:
    dust = AMOUNT / 200
    overpaid = PaymentOverpaid(order=order.order, paid=AMOUNT + dust, excess=dust, coin="BTC")

    def uncounted(paid: Decimal) -> UncountedMoneyReported:
        return UncountedMoneyReported(
            order=order.order,
            payment="5002",
            status="failed",
            on_the_way=False,
            paid=paid,
            uncounted=paid,
            currency="btc",
            coin="BTC",
        )

    deposit = DepositReceived(order=order.order, deposit="5003", paid=dust, coin="BTC")
    await order.publish(overpaid, uncounted(dust), order.refunded(), deposit)
    assert await order.kinds() == set()
    history = (await order.admin.get(f"orders/{order.order}")).json()["history"]
    recorded = {line["event"] for line in history}
    assert recorded >= {"PaymentOverpaid", "UncountedMoneyReported", "DepositReceived"}
    await order.publish(deposit, uncounted(AMOUNT / 50))  # two halves of a percent are one
    assert await order.kinds() == {"deposit_after_refund", "uncounted_money"}


async def test_a_wrong_coin_stands_there_until_the_refund(order: Watched) -> None:
    wrong = WrongCoinReceived(order=order.order, payment="5001", paid=AMOUNT, currency="ltc")
    await order.publish(wrong)
    assert await order.kinds() == {"wrong_coin"}
    await order.publish(order.refunded())
    assert await order.kinds() == set()


async def test_money_that_does_not_match_stands_there_until_it_is_reviewed_or_refunded(
    order: Watched,
) -> None:
    await order.publish(order.unmatched("6001"))
    (line,) = [
        one
        for one in (await order.admin.get("orders/attention")).json()["items"]
        if one["order_number"] == order.order and one["kind"] == "unmatched_payment"
    ]
    assert (line["amount"], line["currency"]) == ("0.000456", "btc")
    assert line["detail"] == "0.000456 btc by payment 6001: wrong_payment"
    assert (line["order_status"], line["payment_status"]) == ("PENDING", "WAITING")
    await order.review()
    assert await order.kinds() == set()
    await order.publish(order.unmatched("6002"))
    assert await order.kinds() == {"unmatched_payment"}
    await order.publish(order.refunded())
    assert await order.kinds() == set()


async def test_an_unknown_status_names_the_providers_word(order: Watched) -> None:
    await order.publish()
    (line,) = (await order.admin.get(f"orders/{order.order}")).json()["attention"]
    assert (line["kind"], line["detail"]) == ("unknown_status", "mark-1")


async def test_a_deposit_needs_a_person_only_after_a_refund(order: Watched) -> None:
    deposit = DepositReceived(order=order.order, deposit=uuid4().hex, paid=AMOUNT, coin="BTC")
    await order.publish(order.finished(), deposit)
    assert await order.kinds() == set()
    await order.publish(order.refunded(), deposit, deposit)
    (line,) = [
        one
        for one in (await order.admin.get(f"orders/{order.order}")).json()["attention"]
        if one["kind"] == "deposit_after_refund"
    ]
    assert line["amount"] == "0.000912"


async def test_a_part_that_came_has_a_day_for_the_rest(
    order: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await order.publish(order.partly())
    assert await order.kinds() == set()
    monkeypatch.setattr(attention, "REMAINDER_GRACE", AT_ONCE)
    await order.publish(order.partly())
    assert await order.kinds() == {"partially_paid"}
    await order.publish(order.finished())
    assert await order.kinds() == set()


async def test_a_part_that_is_dust_needs_nobody_if_the_rest_does_not_come(
    order: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attention, "REMAINDER_GRACE", AT_ONCE)
    for share, kinds in ((Decimal("0.009"), set[str]()), (Decimal("0.011"), {"partially_paid"})):
        paid = AMOUNT * share
        part = PaymentPartiallyPaid(
            order=order.order, payment="5001", paid=paid, missing=AMOUNT - paid, coin="BTC"
        )
        await order.publish(part)
        assert await order.kinds() == kinds


@pytest.mark.parametrize("end", ["finished", "partly"])
async def test_money_that_was_seen_has_a_day_to_arrive(
    order: Watched, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    await order.publish(PaymentConfirming(order=order.order, payment="5001"))
    assert await order.kinds() == set()
    monkeypatch.setattr(attention, "ARRIVAL_GRACE", AT_ONCE)
    await order.publish(PaymentSending(order=order.order, payment="5001"))
    assert await order.kinds() == {"on_the_way"}
    await order.publish({"finished": order.finished(), "partly": order.partly()}[end])
    assert await order.kinds() == set()


async def test_money_that_was_seen_and_given_up_without_its_sum_stands_there_at_once(order: Watched) -> None:
    await order.publish(PaymentConfirming(order=order.order, payment="5001"))
    assert await order.kinds() == set()
    await order.publish(PaymentFailed(order=order.order, payment="5001"))
    assert await order.kinds() == {"on_the_way"}


async def test_what_is_paid_has_minutes_to_be_delivered(
    order: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    await order.publish(order.finished())
    assert await order.kinds() == set()
    monkeypatch.setattr(attention, "DELIVERY_GRACE", AT_ONCE)
    await order.publish(order.finished())
    assert await order.kinds() == {"not_delivered"}
    await order.publish(OrderFulfilled(order=order.order, account=order.client.account, adbot=order.adbot))
    assert await order.kinds() == set()


async def test_a_review_does_not_hide_what_becomes_due_later(order: Watched, harness: GatewayHarness) -> None:
    await order.publish(order.finished(), order.overpaid(1))
    await order.review()
    assert await order.kinds() == set()
    queries = Queries(harness.gateway_database)
    due = (
        "update attention.attention set due_at = clock_timestamp() "
        "where order_number = $1 and due_at > now() returning kind"
    )
    assert [row["kind"] for row in await queries.rows(due, order.order)] == ["not_delivered"]
    await queries.close()
    assert await order.kinds() == {"not_delivered"}


async def test_seats_that_wait_for_stock_stand_there_until_they_are_filled(order: Watched) -> None:
    await order.publish(order.finished())
    await order.say_of_adbot(order.provisioned(0), SeatsAwaited(adbot=order.adbot, missing=2))
    await order.becomes("seats_awaited")
    now = utc_now()
    filled = [
        SeatFilled(adbot=order.adbot, seat=seat(), valid_from=now, valid_until=now + timedelta(days=30))
        for _ in range(2)
    ]
    await order.say_of_adbot(filled[0])
    await order.say_of_adbot(filled[1])
    await order.becomes()


async def test_a_lost_seat_that_nobody_took_stands_there_and_a_review_hides_it(order: Watched) -> None:
    first = seat()
    lost = SeatLost(adbot=order.adbot, session=first.session, loss=SessionLoss.BANNED)
    await order.say_of_adbot(order.provisioned(2), lost)
    await order.becomes("seats_awaited")
    await order.review()
    assert await order.kinds() == set()


async def test_seats_of_a_refunded_order_need_nobody(order: Watched) -> None:
    await order.say_of_adbot(order.provisioned(1), SeatsAwaited(adbot=order.adbot, missing=1))
    await order.becomes("seats_awaited")
    await order.publish(order.refunded())
    assert await order.kinds() == set()


async def test_seats_of_a_plan_that_ended_need_nobody_until_it_is_renewed(
    order: Watched, harness: GatewayHarness
) -> None:
    await order.say_of_adbot(order.provisioned(1), SeatsAwaited(adbot=order.adbot, missing=1))
    await order.becomes("seats_awaited")
    await order.say_of_adbot(AdbotExpired(adbot=order.adbot), SeatsReleased(adbot=order.adbot))
    await order.becomes()
    body = {"email": order.client.email, "plan": "bronze", "pay_currency": "LTC"}
    renewal = (await harness.http.post("/api/v1/checkout", json=body)).json()["order_number"]
    extended = AdbotExtended(
        adbot=order.adbot,
        account=order.client.account,
        order=renewal,
        days=30,
        reason="renewed",
        valid_from=None,
        valid_until=None,
    )
    await order.say_of_adbot(extended, SeatsAwaited(adbot=order.adbot, missing=2))
    order.order = renewal
    await order.becomes("seats_awaited")
