"""For how long an adbot runs, and who holds its seats after that: renewals, grace, refunds, no broker."""

from uuid import UUID

import pytest

from libs.events.commands.provisioning import ExtendAdbot, RestoreAdbot
from libs.events.gateway import AccountRestored, AccountSuspended
from libs.events.provisioning import (
    AdbotExtended,
    AdbotRestored,
    AdbotSuspended,
    SeatsAwaited,
    SeatsReleased,
    SessionReleased,
)
from libs.events.values import AccountId, AdbotId, Seat
from libs.eventsourcing import Event
from libs.eventsourcing.testing import StreamEvent
from services.provisioning.adbot.domain import adbot_of
from tests.integration.provisioning.publishing import ORDERS, OWNER, PAIR_A, SESSIONS
from tests.integration.provisioning.rules import (
    DAY,
    FIRST,
    NOON,
    SECOND,
    Provisioning,
    assigned,
    bought,
    filled,
    prepare,
    provisioned,
    refunded,
    stocked,
    suspended,
    uploaded,
)

THIRD, FIFTH = adbot_of(ORDERS[2]), adbot_of(ORDERS[4])
SEATS = [Seat(session=session, pair=PAIR_A) for session in SESSIONS[:6]]


def renewed(number: int, adbot: AdbotId, *, dated: bool = True, days_after_noon: float = 2) -> AdbotExtended:
    """The event of a renewal by an order; not dated where the validity has yet to begin."""
    return AdbotExtended(
        adbot=adbot,
        account=OWNER,
        order=ORDERS[number],
        days=1,
        reason=f"renewed by order {ORDERS[number]}",
        valid_from=NOON if dated else None,
        valid_until=NOON + days_after_noon * DAY if dated else None,
    )


def released(adbot: AdbotId, *seats: Seat) -> list[Event]:
    """The events of an adbot that gives its sessions back."""
    return [
        SeatsReleased(adbot=adbot),
        *(SessionReleased(session=seat.session, adbot=adbot) for seat in seats),
    ]


def seated(adbot: AdbotId, seat: Seat, begin: float, until: float) -> list[Event]:
    """The events of a seat that gets its session; from and until how many days after noon it is valid."""
    return [assigned(adbot, seat), filled(adbot, seat, NOON + begin * DAY, NOON + until * DAY)]


async def sell(service: Provisioning, *sessions: int) -> None:
    """Sell orders at noon, each for this many stocked sessions."""
    seats = iter(SEATS)
    for order, count in zip(ORDERS, sessions, strict=False):
        await prepare(service, *(uploaded(next(seats).session) for _ in range(count)), bought(order, count))


# -- renewals


async def test_a_renewal_is_added_once_however_often_it_is_reported(provisioning: Provisioning) -> None:
    await sell(provisioning, 2)
    renewal = bought(ORDERS[1], 2, renews=FIRST)
    await provisioning.when(*[renewal] * 5).then(renewed(1, FIRST))


async def test_a_renewal_in_the_grace_time_keeps_the_seats(provisioning: Provisioning) -> None:
    await sell(provisioning, 2)
    await prepare(provisioning, NOON + DAY, NOON + 2 * DAY)
    await provisioning.when(bought(ORDERS[1], 2, renews=FIRST)).then(
        renewed(1, FIRST, days_after_noon=3),
        rows={"select count(*) from stock.stock where adbot is not null": [(2,)]},
    )


async def test_days_that_were_paid_before_the_first_seat_came_are_added_when_it_comes(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, bought(ORDERS[0]))
    await provisioning.when(bought(ORDERS[1], renews=FIRST), uploaded(SESSIONS[0])).then(
        renewed(1, FIRST, dated=False), stocked(SESSIONS[0]), *seated(FIRST, SEATS[0], 0, 2)
    )


async def test_days_of_another_plan_are_refused_and_not_added(provisioning: Provisioning) -> None:
    await sell(provisioning, 2)
    await provisioning.when(bought(ORDERS[1], 1, renews=FIRST)).then(refused="another_plan")


# -- the grace time


async def test_after_the_grace_time_sessions_fill_the_seats_of_others_and_a_renewal_waits_its_turn(
    provisioning: Provisioning,
) -> None:
    await sell(provisioning, 2)
    await prepare(provisioning, bought(ORDERS[1], 2), NOON + DAY)
    await provisioning.when(NOON + 8 * DAY).then(
        *released(FIRST, *SEATS[:2]), *seated(SECOND, SEATS[0], 8, 9), *seated(SECOND, SEATS[1], 8, 9)
    )
    await provisioning.when(bought(ORDERS[2]), bought(ORDERS[3], 2, renews=FIRST), bought(ORDERS[4])).then(
        provisioned(2),
        SeatsAwaited(adbot=THIRD, missing=1),
        renewed(3, FIRST, dated=False),
        SeatsAwaited(adbot=FIRST, missing=2),
        provisioned(4),
        SeatsAwaited(adbot=FIFTH, missing=1),
    )
    takers = [(THIRD, SEATS[2]), (FIRST, SEATS[3]), (FIRST, SEATS[4]), (FIFTH, SEATS[5])]
    for adbot, seat in takers:
        await provisioning.when(uploaded(seat.session)).then(
            stocked(seat.session), *seated(adbot, seat, 8, 9)
        )
    assert await provisioning.rows("select assigned from stock.pairs") == [(6,)]


async def test_a_renewal_after_the_grace_time_takes_seats_from_stock(provisioning: Provisioning) -> None:
    await sell(provisioning, 2)
    await prepare(provisioning, NOON + DAY, NOON + 20 * DAY)
    await provisioning.when(bought(ORDERS[1], 2, renews=FIRST)).then(
        renewed(1, FIRST, dated=False), *seated(FIRST, SEATS[0], 20, 21), *seated(FIRST, SEATS[1], 20, 21)
    )


async def test_an_operator_revives_an_adbot_with_seats_from_stock(provisioning: Provisioning) -> None:
    await sell(provisioning, 2)
    await prepare(provisioning, NOON + DAY, NOON + 20 * DAY)
    extended = AdbotExtended(
        adbot=FIRST, account=OWNER, order=None, days=2, reason="an outage", valid_from=None, valid_until=None
    )
    await provisioning.when(ExtendAdbot(adbot=FIRST, days=2, reason="an outage")).then(
        extended, *seated(FIRST, SEATS[0], 20, 22), *seated(FIRST, SEATS[1], 20, 22)
    )


# -- refunds and suspensions


async def test_refunds_suspend_what_the_orders_made_or_renewed_once(provisioning: Provisioning) -> None:
    await sell(provisioning, 1, 1)
    await prepare(provisioning, bought(ORDERS[2], renews=SECOND))
    reason = f"order {ORDERS[2]} was refunded: not happy"
    await provisioning.when(*(refunded(ORDERS[number]) for number in (2, 0, 1, 5))).then(
        AdbotSuspended(adbot=SECOND, reason=reason),
        *released(SECOND, SEATS[1]),
        suspended(0),
        *released(FIRST, SEATS[0]),
    )


async def test_a_refunded_adbot_waits_for_no_stock_until_it_is_restored(provisioning: Provisioning) -> None:
    await prepare(provisioning, bought(ORDERS[0]), refunded(ORDERS[0]))
    await provisioning.when(uploaded(SESSIONS[0])).then(stocked(SESSIONS[0]))
    await provisioning.when(RestoreAdbot(adbot=FIRST)).then(
        AdbotRestored(adbot=FIRST), *seated(FIRST, SEATS[0], 0, 1)
    )


@pytest.mark.parametrize("keep_sessions", [True, False])
async def test_a_refund_gives_the_sessions_to_whoever_waits_unless_the_operator_keeps_them(
    provisioning: Provisioning, *, keep_sessions: bool
) -> None:
    await sell(provisioning, 2)
    await prepare(provisioning, bought(ORDERS[1], 3))
    taken = [*released(FIRST, *SEATS[:2]), *seated(SECOND, SEATS[0], 0, 1), *seated(SECOND, SEATS[1], 0, 1)]
    holder = FIRST if keep_sessions else SECOND
    await provisioning.when(refunded(ORDERS[0], keep_sessions=keep_sessions)).then(
        suspended(0),
        *([] if keep_sessions else taken),
        rows={"select distinct adbot from adbots.seats": [(holder,)]},
    )


# -- the account


LOCKED = "the account is suspended: sends spam"


def account_suspended(account: AccountId = OWNER) -> StreamEvent:
    return StreamEvent(f"account-{account}", AccountSuspended(account=account, reason="sends spam"))


def account_restored() -> StreamEvent:
    return StreamEvent(f"account-{OWNER}", AccountRestored(account=OWNER))


def locked(adbot: AdbotId) -> AdbotSuspended:
    return AdbotSuspended(adbot=adbot, reason=LOCKED, with_account=True)


async def test_the_adbots_of_a_suspended_account_are_suspended_and_restored_with_it(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, bought(ORDERS[0]), bought(ORDERS[1]), refunded(ORDERS[1]))
    await provisioning.when(account_suspended()).then(locked(FIRST))
    await provisioning.when(account_suspended(AccountId(UUID(int=1)))).then()
    await provisioning.when(uploaded(SESSIONS[0])).then(stocked(SESSIONS[0]))
    await provisioning.when(account_restored()).then(
        AdbotRestored(adbot=FIRST), *seated(FIRST, SEATS[0], 0, 1)
    )


async def test_what_a_suspended_account_has_paid_is_delivered_and_suspended(
    provisioning: Provisioning,
) -> None:
    await prepare(provisioning, uploaded(SESSIONS[0]), account_suspended())
    await provisioning.when(bought(ORDERS[0])).then(
        assigned(FIRST, SEATS[0]), provisioned(0, SEATS[0]), locked(FIRST)
    )
    await provisioning.when(account_restored()).then(AdbotRestored(adbot=FIRST))
    await provisioning.when(bought(ORDERS[1])).then(provisioned(1), SeatsAwaited(adbot=SECOND, missing=1))
