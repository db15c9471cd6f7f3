"""What follows in provisioning from events, commands and the passing of time: a whole service, no broker."""

from datetime import timedelta

import pytest

from libs.events.commands.provisioning import ExtendAdbot, RestoreAdbot, SuspendAdbot
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatsAwaited,
    SeatsReleased,
    SessionAssigned,
    SessionReleased,
    SessionStocked,
)
from libs.eventsourcing import Command
from tests.integration.provisioning.publishing import ORDERS, OWNER, PAIR_A
from tests.integration.provisioning.rules import (
    ASSIGNMENTS,
    DAY,
    FIRST,
    NOON,
    ONE,
    SECOND,
    Provisioning,
    bought,
    filled,
    prepare,
    provisioned,
    refunded,
    suspended,
    uploaded,
)

# -- payments and stock


async def test_a_paid_order_gets_the_oldest_session_of_the_stock(provisioning: Provisioning) -> None:
    await (
        provisioning.given()
        .when(uploaded(ONE.session), bought(ORDERS[0]))
        .then(
            SessionStocked(session=ONE.session, telegram_user=1, phone="+49…42", pair=None),
            SessionAssigned(session=ONE.session, adbot=FIRST, pair=PAIR_A),
            provisioned(0, ONE),
            rows={ASSIGNMENTS: [(ONE.session, FIRST)]},
        )
    )


async def test_who_paid_first_gets_the_session_that_comes_first(provisioning: Provisioning) -> None:
    await prepare(provisioning, bought(ORDERS[0]), bought(ORDERS[1]))
    await provisioning.when(uploaded(ONE.session)).then(
        SessionStocked(session=ONE.session, telegram_user=1, phone="+49…42", pair=None),
        SessionAssigned(session=ONE.session, adbot=FIRST, pair=PAIR_A),
        filled(FIRST, ONE),
    )


async def test_the_same_payment_told_twice_is_delivered_once(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]))
    await provisioning.when(bought(ORDERS[0])).then()


# -- refunds


async def test_a_refund_suspends_the_adbot_that_the_order_made_and_frees_its_session(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]))
    await provisioning.when(refunded(ORDERS[0])).then(
        suspended(0),
        SeatsReleased(adbot=FIRST),
        SessionReleased(session=ONE.session, adbot=FIRST),
        rows={ASSIGNMENTS: []},
    )


async def test_a_refund_suspends_the_adbot_that_the_order_renewed(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]), bought(ORDERS[1], renews=FIRST))
    reason = f"order {ORDERS[1]} was refunded: not happy"
    await provisioning.when(refunded(ORDERS[1], keep_sessions=True)).then(
        AdbotSuspended(adbot=FIRST, reason=reason), rows={ASSIGNMENTS: [(ONE.session, FIRST)]}
    )


async def test_the_refund_of_what_was_never_delivered_does_nothing(provisioning: Provisioning) -> None:
    await provisioning.when(refunded(ORDERS[5])).then()


async def test_a_freed_session_goes_to_whoever_waits(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]), bought(ORDERS[1]))
    await provisioning.when(refunded(ORDERS[0])).then(
        suspended(0),
        SeatsReleased(adbot=FIRST),
        SessionReleased(session=ONE.session, adbot=FIRST),
        SessionAssigned(session=ONE.session, adbot=SECOND, pair=PAIR_A),
        filled(SECOND, ONE),
    )


# -- commands


@pytest.mark.parametrize(
    "command",
    [
        ExtendAdbot(adbot=FIRST, days=3, reason="x"),
        SuspendAdbot(adbot=FIRST, reason="x"),
        RestoreAdbot(adbot=FIRST),
    ],
)
async def test_an_adbot_that_is_not_there_is_unknown(provisioning: Provisioning, command: Command) -> None:
    await provisioning.when(command).then(refused="unknown_adbot")


async def test_a_suspension_is_said_once_and_a_restoration_too(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]))
    suspend, restore = SuspendAdbot(adbot=FIRST, reason="spam"), RestoreAdbot(adbot=FIRST)
    await provisioning.when(suspend, suspend, restore, restore).then(
        AdbotSuspended(adbot=FIRST, reason="spam"), AdbotRestored(adbot=FIRST)
    )


# -- the passing of time


async def test_an_adbot_expires_when_its_plan_ends_and_gives_its_session_back_after_the_grace_time(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]))
    end = NOON + DAY
    await provisioning.when(end - timedelta(seconds=1)).then()
    await provisioning.when(end).then(AdbotExpired(adbot=FIRST))
    await provisioning.when(end + 7 * DAY - timedelta(seconds=1)).then()
    await provisioning.when(end + 7 * DAY).then(
        SeatsReleased(adbot=FIRST),
        SessionReleased(session=ONE.session, adbot=FIRST),
        rows={ASSIGNMENTS: []},
    )


async def test_what_was_given_back_after_the_grace_time_goes_to_whoever_waits(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]), bought(ORDERS[1]))
    later = NOON + 8 * DAY
    await provisioning.when(NOON + DAY, later).then(
        AdbotExpired(adbot=FIRST),
        SeatsReleased(adbot=FIRST),
        SessionReleased(session=ONE.session, adbot=FIRST),
        SessionAssigned(session=ONE.session, adbot=SECOND, pair=PAIR_A),
        filled(SECOND, ONE, later, later + DAY),
    )


async def test_an_adbot_that_was_extended_after_its_end_waits_for_a_seat(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session), bought(ORDERS[0]), NOON + DAY, NOON + 8 * DAY)
    later = NOON + 9 * DAY
    await prepare(provisioning, later)
    await provisioning.when(ExtendAdbot(adbot=FIRST, days=2, reason="an outage")).then(
        AdbotExtended(
            adbot=FIRST,
            account=OWNER,
            order=None,
            days=2,
            reason="an outage",
            valid_from=None,
            valid_until=None,
        ),
        SessionAssigned(session=ONE.session, adbot=FIRST, pair=PAIR_A),
        filled(FIRST, ONE, later, later + 2 * DAY),
    )


async def test_seats_that_the_stock_can_not_fill_are_awaited(provisioning: Provisioning) -> None:
    await prepare(provisioning, uploaded(ONE.session))
    found = [*await provisioning.happened()]
    await prepare(provisioning, bought(ORDERS[0], sessions=2))
    delivered = (await provisioning.happened())[len(found) :]
    assert [type(event) for event in delivered] == [SessionAssigned, AdbotProvisioned, SeatsAwaited]
    assert delivered[-1] == SeatsAwaited(adbot=FIRST, missing=1)
