"""What is left to sell: free sessions, less those that are promised; a whole service, no broker."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    PaymentConfirming,
    PaymentFailed,
    PaymentFinished,
    PaymentPartiallyPaid,
)
from libs.events.commands.billing import CancelOrder, MarkPaid
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
from libs.events.values import AccountId, ApplicationId, Seat, SessionId, SessionLoss
from libs.eventsourcing.values import new_id
from services.billing.order.payment_state import PaymentState
from tests.integration.billing.harness import ACCOUNT, ADBOT, NUMBER
from tests.integration.billing.rules import (
    AMOUNT,
    NOON,
    PROMISED,
    VALID,
    Shop,
    of_adbot,
    of_session,
    shop_at_noon,
)

OTHER = "HQADZ-ABC123-ZZZZ"
THIRD = "HQADZ-ABC123-YYYY"
ANNA = AccountId(new_id())
PAIR = ApplicationId(new_id())
SECOND = timedelta(seconds=1)
CANCEL = CancelOrder(order=NUMBER, reason="ordered twice")


@pytest_asyncio.fixture(loop_scope="session")
async def shop(postgres_server: EmbeddedPostgres) -> AsyncIterator[Shop]:
    """The service at noon, with plans and without stock."""
    async with shop_at_noon(postgres_server) as shop:
        yield shop


def number_of(index: int) -> str:
    return f"HQADZ-ABC123-{index:04}"


def lost(session: SessionId) -> SessionLost:
    return SessionLost(session=session, adbot=None, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")


def extended(order: str | None) -> AdbotExtended:
    return AdbotExtended(
        adbot=ADBOT,
        account=ACCOUNT,
        order=order,
        days=30,
        reason="renewed",
        valid_from=None,
        valid_until=None,
    )


# -- orders


async def test_a_cancelled_and_an_expired_order_are_promised_nothing(
    postgres_server: EmbeddedPostgres,
) -> None:
    async with shop_at_noon(postgres_server, order_valid=PROMISED / 2) as shop:
        await shop.stock(1)
        assert await shop.tried(NUMBER) == "placed"
        assert await shop.tried(OTHER) == "insufficient_stock"
        await shop.act(CANCEL)
        assert await shop.tried(OTHER) == "placed"
        await shop.act(NOON + PROMISED / 2 - SECOND)
        assert await shop.tried(THIRD) == "insufficient_stock"
        await shop.act(NOON + PROMISED / 2)
        assert await shop.last() is OrderExpired
        assert await shop.tried(THIRD) == "placed"


async def test_what_a_late_payer_is_to_get_is_not_sold_to_others(shop: Shop) -> None:
    await shop.stock(1)
    await shop.tried(NUMBER)
    await shop.act(CANCEL)
    await shop.report(NUMBER, PaymentState.FINISHED)
    assert await shop.last() is PaymentFinished
    assert await shop.tried(OTHER) == "insufficient_stock"


async def test_a_delivered_order_is_promised_nothing_for_its_sessions_have_left_the_stock(
    shop: Shop,
) -> None:
    first, second = await shop.stock(2)
    await shop.tried(NUMBER)
    await shop.act(MarkPaid(order=NUMBER, reason="paid in cash"))
    await shop.act(of_session(first, SessionAssigned(session=first, adbot=ADBOT, pair=PAIR)))
    await shop.provision(NUMBER, Seat(session=first, pair=PAIR))
    assert await shop.last() is OrderFulfilled
    assert await shop.free() == 1
    assert await shop.tried(OTHER) == "placed"
    assert await shop.tried(THIRD) == "insufficient_stock"
    await shop.act(of_session(first, SessionReleased(session=first, adbot=ADBOT)))
    assert await shop.free() == 2
    await shop.act(of_session(second, lost(second)))
    assert await shop.free() == 1
    assert await shop.tried(THIRD) == "insufficient_stock"


async def test_a_renewal_is_sold_without_stock_and_fulfilled_by_its_extension_once(shop: Shop) -> None:
    await shop.stock(1)
    assert await shop.tried(NUMBER, account=ACCOUNT, renews=ADBOT) == "placed"
    assert await shop.tried(OTHER) == "placed"
    await shop.report(NUMBER, PaymentState.FINISHED)
    events = await shop.service.happened()
    assert [event.renews for event in events if isinstance(event, PaymentFinished)] == [ADBOT]
    await shop.service.when(
        of_adbot(extended(NUMBER)), of_adbot(extended(None)), of_adbot(extended(NUMBER))
    ).then(OrderFulfilled(order=NUMBER, account=ACCOUNT, adbot=ADBOT))


# -- unpaid orders


async def test_an_unpaid_order_is_promised_nothing_once_its_promise_is_over_and_can_still_be_paid(
    shop: Shop,
) -> None:
    await shop.stock(1)
    await shop.tried(NUMBER)
    await shop.act(NOON + PROMISED - SECOND)
    assert await shop.tried(OTHER) == "insufficient_stock"
    await shop.act(NOON + PROMISED)
    assert await shop.tried(OTHER) == "placed"
    assert await shop.tried(THIRD) == "insufficient_stock"
    await shop.report(NUMBER, PaymentState.FINISHED)
    assert await shop.last() is PaymentFinished
    await shop.act(NOON + 2 * PROMISED)
    assert await shop.tried(THIRD) == "insufficient_stock", "the late payer's session is sold again"
    await shop.stock(1)
    assert await shop.free() == 2
    assert await shop.tried(THIRD) == "placed"


async def test_money_that_was_seen_keeps_the_promise_as_long_as_the_order_is_valid(shop: Shop) -> None:
    await shop.stock(1)
    await shop.tried(NUMBER)
    await shop.report(NUMBER, PaymentState.CONFIRMING)
    assert await shop.last() is PaymentConfirming
    await shop.act(NOON + VALID - SECOND)
    assert await shop.tried(OTHER) == "insufficient_stock"
    await shop.act(NOON + VALID)
    assert OrderExpired not in {type(event) for event in await shop.service.happened()}
    assert await shop.tried(OTHER) == "placed"


async def test_a_part_that_came_keeps_the_promise_though_the_rest_is_given_up(shop: Shop) -> None:
    await shop.stock(1)
    await shop.tried(NUMBER)
    await shop.report(NUMBER, PaymentState.PARTIALLY_PAID, AMOUNT / 2)
    assert await shop.last() is PaymentPartiallyPaid
    await shop.report(NUMBER, PaymentState.FAILED, AMOUNT / 2)
    assert await shop.last() is PaymentFailed
    await shop.act(NOON + PROMISED)
    assert await shop.tried(OTHER) == "insufficient_stock"


async def test_one_address_does_not_sell_the_shop_out_however_many_e_mails_it_uses(shop: Shop) -> None:
    await shop.stock(30)
    here, elsewhere = "ab" * 16, "cd" * 16
    assert await shop.tried(number_of(0), "elite", origin=here) == "placed"
    assert await shop.tried(number_of(1), origin=here) == "too_many_unpaid_orders"
    assert await shop.tried(number_of(2), "elite", origin=elsewhere) == "placed"
    assert await shop.tried(number_of(3)) == "insufficient_stock"


async def test_one_account_does_not_sell_the_shop_out_from_however_many_addresses(shop: Shop) -> None:
    await shop.stock(30)
    for index in range(2):
        outcome = await shop.tried(number_of(index), "pro", account=ANNA, origin=f"{index:032x}")
        assert outcome == "placed"
    assert await shop.tried(number_of(2), "silver", account=ANNA) == "too_many_unpaid_orders"
    assert await shop.tried(number_of(3), account=ANNA) == "placed"
    await shop.report(number_of(0), PaymentState.FINISHED)
    assert await shop.tried(number_of(2), "silver", account=ANNA) == "placed"


async def test_further_unpaid_orders_leave_a_share_of_the_stock_to_others(shop: Shop) -> None:
    await shop.stock(6)
    outcomes = [await shop.tried(number_of(index), account=ANNA) for index in range(5)]
    assert outcomes == ["placed"] * 3 + ["too_many_unpaid_orders"] * 2
    assert await shop.tried(number_of(5), "gold") == "placed", "it is a first order"
    assert await shop.tried(number_of(6)) == "insufficient_stock"


async def test_an_order_too_big_for_what_is_left_is_refused_and_a_smaller_one_is_not(shop: Shop) -> None:
    await shop.stock(16)
    assert await shop.tried(NUMBER, "elite") == "placed"
    assert await shop.tried(OTHER, "elite") == "insufficient_stock"
    assert await shop.tried(THIRD) == "placed"


# -- seats that wait for stock


@pytest_asyncio.fixture(loop_scope="session")
async def owing(shop: Shop) -> Shop:
    """A shop with an order that was paid and delivered after the stock that it was promised was lost."""
    (session,) = await shop.stock(1)
    await shop.tried(NUMBER)
    await shop.act(MarkPaid(order=NUMBER, reason="paid in cash"), of_session(session, lost(session)))
    await shop.provision(NUMBER)
    assert await shop.waiting() == 1
    return shop


async def test_stock_that_paid_seats_wait_for_is_not_sold(owing: Shop) -> None:
    (first,) = await owing.stock(1)
    assert await owing.free() == 1
    assert await owing.tried(OTHER) == "insufficient_stock"
    seat = Seat(session=first, pair=PAIR)
    await owing.act(
        of_session(first, SessionAssigned(session=first, adbot=ADBOT, pair=PAIR)),
        of_adbot(SeatFilled(adbot=ADBOT, seat=seat, valid_from=NOON, valid_until=NOON)),
    )
    await owing.stock(1)
    assert (await owing.waiting(), await owing.free()) == (0, 1)
    assert await owing.tried(OTHER) == "placed"


async def test_a_suspended_or_expired_adbot_waits_for_no_stock_until_it_is_restored_or_extended(
    owing: Shop,
) -> None:
    for event, wanted in (
        (AdbotSuspended(adbot=ADBOT, reason="refunded"), 0),
        (AdbotRestored(adbot=ADBOT), 1),
        (AdbotExpired(adbot=ADBOT), 0),
        (SeatsReleased(adbot=ADBOT), 0),
        (extended(None), 1),
    ):
        await owing.act(of_adbot(event))
        assert (event, await owing.waiting()) == (event, wanted)
    await owing.stock(1)
    assert await owing.tried(OTHER) == "insufficient_stock"
    await owing.act(of_adbot(AdbotSuspended(adbot=ADBOT, reason="refunded")))
    assert await owing.tried(OTHER) == "placed"
