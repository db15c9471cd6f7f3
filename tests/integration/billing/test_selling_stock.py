"""No sale without stock: what is free, less what is promised."""

import asyncio
from decimal import Decimal
from uuid import UUID

from libs.events.billing import CancelOrder, MarkPaid
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatsReleased,
    SessionAssigned,
    SessionLost,
    SessionReleased,
)
from libs.events.values import ApplicationId, Seat, SessionLoss
from libs.eventsourcing import Refused
from libs.eventsourcing.values import new_id, utc_now
from tests.integration.billing.harness import ACCOUNT, ADBOT, NUMBER, BillingHarness
from tests.support.waiting import until

OTHER = "HQADZ-ABC123-ZZZZ"
THIRD = "HQADZ-ABC123-YYYY"
LONG_AGO = "update promises.promises set placed_at = now() - interval '1 h'"


async def tried(
    harness: BillingHarness,
    number: str,
    plan: str = "bronze",
    *,
    email: str | None = None,
    origin: str | None = None,
) -> str:
    """Place an order and return why it was refused, or `placed`; each is another client's if not said."""
    try:
        await harness.place(number, plan=plan, email=email or f"{number.lower()}@example.org", origin=origin)
    except Refused as refusal:
        return refusal.code
    return "placed"


async def test_without_stock_nothing_is_sold_and_the_provider_is_not_asked(sold_out: BillingHarness) -> None:
    async with sold_out.running():
        assert await tried(sold_out, NUMBER) == "insufficient_stock"
        assert await sold_out.history() == []
        assert await sold_out.control.payments() == []
        await sold_out.stock(1)
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, NUMBER) == "placed"


async def test_the_last_sessions_are_sold_once_however_many_ask_at_once(sold_out: BillingHarness) -> None:
    await sold_out.stock(3)
    numbers = [f"HQADZ-ABC123-{index:04}" for index in range(12)]
    async with sold_out.running():
        outcomes = await asyncio.gather(*(tried(sold_out, number) for number in numbers))
        assert sorted(outcomes) == ["insufficient_stock"] * 9 + ["placed"] * 3
        assert len(await sold_out.control.payments()) == 3


async def test_an_order_that_stands_is_continued_though_its_own_promise_took_the_last_session(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running():
        await sold_out.control.be_down()
        assert await tried(sold_out, NUMBER) == "provider_unavailable"
        await sold_out.control.heal()
        await until(lambda: tried(sold_out, NUMBER), lambda outcome: outcome == "placed")
        assert await tried(sold_out, OTHER) == "insufficient_stock"


async def test_a_cancelled_and_an_expired_order_are_promised_nothing(sold_out: BillingHarness) -> None:
    await sold_out.stock(1)
    async with sold_out.running(sold_out.settings(order_valid_seconds=2)):
        await sold_out.place()
        assert await tried(sold_out, OTHER) == "insufficient_stock"
        await sold_out.act(CancelOrder(order=NUMBER, reason="ordered twice"))
        assert await tried(sold_out, OTHER) == "placed"
        await until(lambda: tried(sold_out, THIRD), lambda outcome: outcome == "placed")
        assert (await sold_out.history(OTHER))[-1] == "OrderExpired"


async def test_what_a_late_payer_is_to_get_is_not_sold_to_others(sold_out: BillingHarness) -> None:
    await sold_out.stock(1)
    async with sold_out.running():
        await sold_out.place()
        await sold_out.act(CancelOrder(order=NUMBER, reason="ordered twice"))
        await sold_out.control.pay(await sold_out.payment())
        assert (await sold_out.history())[-1] == "PaymentFinished"
        assert await tried(sold_out, OTHER) == "insufficient_stock"


async def test_a_delivered_order_is_promised_nothing_for_its_sessions_have_left_the_stock(
    sold_out: BillingHarness,
) -> None:
    first, second = await sold_out.stock(2)
    pair = ApplicationId(new_id())
    async with sold_out.running():
        await sold_out.place()
        await sold_out.act(MarkPaid(order=NUMBER, reason="paid in cash"))
        taken = SessionAssigned(session=first, adbot=ADBOT, pair=pair)
        await sold_out.publish((f"session-{first}", taken))
        await sold_out.provision(seats=(Seat(session=first, pair=pair),))
        await until(sold_out.history, lambda found: found[-1] == "OrderFulfilled")
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, OTHER) == "placed"
        assert await tried(sold_out, THIRD) == "insufficient_stock"
        await sold_out.publish((f"session-{first}", SessionReleased(session=first, adbot=ADBOT)))
        await until(sold_out.free, lambda free: free == 2)
        lost = SessionLost(session=second, adbot=None, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
        await sold_out.publish((f"session-{second}", lost))
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, THIRD) == "insufficient_stock"


async def test_a_renewal_is_sold_without_stock_and_fulfilled_by_its_extension_once(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running():
        await sold_out.place(renews=ADBOT)
        assert await tried(sold_out, OTHER) == "placed"
        await sold_out.control.pay(await sold_out.payment())
        [finished] = await sold_out.events_of("PaymentFinished")
        assert UUID(finished["renews"]) == ADBOT
        for order in (NUMBER, None):
            extended = AdbotExtended(
                adbot=ADBOT,
                account=ACCOUNT,
                order=order,
                days=30,
                reason="renewed",
                valid_from=None,
                valid_until=None,
            )
            await sold_out.publish((f"adbot-{ADBOT}", extended))
        await until(sold_out.history, lambda found: found[-1] == "OrderFulfilled")
        await sold_out.stock(1)
        await until(sold_out.free, lambda free: free == 2)  # the second extension was read by then
        assert (await sold_out.history()).count("OrderFulfilled") == 1


# -- unpaid orders


def number_of(index: int) -> str:
    return f"HQADZ-ABC123-{index:04}"


async def test_an_unpaid_order_is_promised_nothing_once_its_promise_is_over_and_can_still_be_paid(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running(sold_out.settings(promise_seconds=1)):
        await sold_out.place()
        await until(lambda: tried(sold_out, OTHER), lambda outcome: outcome == "placed")
        assert await tried(sold_out, THIRD) == "insufficient_stock"
        await sold_out.control.pay(await sold_out.payment())
        assert (await sold_out.history())[-1] == "PaymentFinished"
        await sold_out.connection.execute(LONG_AGO)
        assert await tried(sold_out, THIRD) == "insufficient_stock", "the late payer's session is sold again"
        await sold_out.stock(1)
        await until(sold_out.free, lambda free: free == 2)
        assert await tried(sold_out, THIRD) == "placed"


async def test_money_that_was_seen_keeps_the_promise_as_long_as_the_order_is_valid(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running(sold_out.settings(promise_seconds=1)):
        await sold_out.place()
        await sold_out.control.pay(await sold_out.payment(), steps=("confirming",))
        await until(sold_out.history, lambda found: "PaymentConfirming" in found)
        await sold_out.connection.execute(LONG_AGO)
        assert await tried(sold_out, OTHER) == "insufficient_stock"
        await sold_out.connection.execute("update promises.promises set pay_by = now()")
        assert await tried(sold_out, OTHER) == "placed"


async def test_a_part_that_came_keeps_the_promise_though_the_rest_is_given_up(
    sold_out: BillingHarness,
) -> None:
    await sold_out.stock(1)
    async with sold_out.running(sold_out.settings(promise_seconds=1)):
        await sold_out.place()
        payment = await sold_out.payment()
        await sold_out.control.pay_part(payment, fraction=Decimal("0.5"))
        await until(sold_out.history, lambda found: "PaymentPartiallyPaid" in found)
        await sold_out.control.fail(payment)
        await until(sold_out.history, lambda found: "PaymentFailed" in found)
        await sold_out.connection.execute(LONG_AGO)
        assert await tried(sold_out, OTHER) == "insufficient_stock"


async def test_one_address_does_not_sell_the_shop_out_however_many_e_mails_it_uses(
    harness: BillingHarness,
) -> None:
    here, elsewhere = "ab" * 16, "cd" * 16
    async with harness.running():
        assert await tried(harness, number_of(0), "elite", origin=here) == "placed"
        assert await tried(harness, number_of(1), "bronze", origin=here) == "too_many_unpaid_orders"
        assert await tried(harness, number_of(2), "elite", origin=elsewhere) == "placed"
        assert await tried(harness, number_of(3), "bronze") == "insufficient_stock"


async def test_one_e_mail_does_not_sell_the_shop_out_from_however_many_addresses(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        for index in range(2):
            origin = f"{index:032x}"
            outcome = await tried(harness, number_of(index), "pro", email="a@example.org", origin=origin)
            assert outcome == "placed"
        refused = await tried(harness, number_of(2), "silver", email="a@example.org")
        assert refused == "too_many_unpaid_orders"
        assert await tried(harness, number_of(3), "bronze", email="a@example.org") == "placed"
        await harness.control.pay(await harness.payment(number_of(0)))
        assert await tried(harness, number_of(2), "silver", email="a@example.org") == "placed"


async def test_further_unpaid_orders_leave_a_share_of_the_stock_to_others(sold_out: BillingHarness) -> None:
    await sold_out.stock(6)
    async with sold_out.running():
        outcomes = [await tried(sold_out, number_of(index), email="a@example.org") for index in range(5)]
        assert outcomes == ["placed"] * 3 + ["too_many_unpaid_orders"] * 2
        assert await tried(sold_out, number_of(5), "gold") == "placed", "it is a first order"
        assert await tried(sold_out, number_of(6)) == "insufficient_stock"


# -- seats that wait for stock


async def delivered_without_a_seat(harness: BillingHarness) -> None:
    """Pay and deliver an order after the stock that it was promised was lost."""
    (session,) = await harness.stock(1)
    await harness.place()
    await harness.act(MarkPaid(order=NUMBER, reason="paid in cash"))
    lost = SessionLost(session=session, adbot=None, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    await harness.publish((f"session-{session}", lost))
    await harness.provision()
    await until(harness.waiting, lambda waiting: waiting == 1)


async def test_stock_that_paid_seats_wait_for_is_not_sold(sold_out: BillingHarness) -> None:
    async with sold_out.running():
        await delivered_without_a_seat(sold_out)
        (first,) = await sold_out.stock(1)
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, OTHER) == "insufficient_stock"
        pair = ApplicationId(new_id())
        filled = SeatFilled(
            adbot=ADBOT, seat=Seat(session=first, pair=pair), valid_from=utc_now(), valid_until=utc_now()
        )
        await sold_out.publish(
            (f"session-{first}", SessionAssigned(session=first, adbot=ADBOT, pair=pair)),
            (f"adbot-{ADBOT}", filled),
        )
        await sold_out.stock(1)
        await until(sold_out.waiting, lambda waiting: waiting == 0)
        await until(sold_out.free, lambda free: free == 1)
        assert await tried(sold_out, OTHER) == "placed"


async def test_a_suspended_or_expired_adbot_waits_for_no_stock_until_it_is_restored_or_extended(
    sold_out: BillingHarness,
) -> None:
    extended = AdbotExtended(
        adbot=ADBOT, account=ACCOUNT, order=None, days=3, reason="x", valid_from=None, valid_until=None
    )
    async with sold_out.running():
        await delivered_without_a_seat(sold_out)
        for event, wanted in (
            (AdbotSuspended(adbot=ADBOT, reason="refunded"), 0),
            (AdbotRestored(adbot=ADBOT), 1),
            (AdbotExpired(adbot=ADBOT), 0),
            (SeatsReleased(adbot=ADBOT), 0),
            (extended, 1),
        ):
            await sold_out.publish((f"adbot-{ADBOT}", event))
            await until(sold_out.waiting, wanted.__eq__)


async def test_an_order_too_big_for_what_is_left_is_refused_and_a_smaller_one_is_not(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        assert await tried(harness, NUMBER, plan="elite") == "placed"
        assert await tried(harness, OTHER, plan="elite") == "placed"
        assert await tried(harness, THIRD, plan="bronze") == "insufficient_stock"


# -- the smallest price that a coin can pay


async def test_a_price_that_a_coin_can_not_pay_is_refused_before_anything_happens(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        await harness.control.change_answers({"fiat_equivalent": 30.01}, path="/v1/min-amount")
        assert await tried(harness, NUMBER) == "below_minimum"
        assert await harness.history() == []
        assert await harness.control.payments() == []
        assert await tried(harness, NUMBER, plan="silver") == "placed"


async def test_the_smallest_price_is_asked_for_once_and_a_provider_that_can_not_tell_stops_no_order(
    harness: BillingHarness,
) -> None:
    async with harness.running():
        await harness.control.be_down(path="/v1/min-amount")
        assert await tried(harness, NUMBER) == "placed"
        await harness.control.heal()
        for number in (OTHER, THIRD):
            assert await tried(harness, number) == "placed"
        asked = [call for call in await harness.control.calls() if call.path == "/v1/min-amount"]
        assert [call.answered for call in asked][-1] == 200
        assert [call.answered for call in asked].count(200) == 1
