"""What follows in provisioning from events, commands and the passing of time: a whole service, no broker."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import PaymentRefunded
from libs.events.catalogue import published
from libs.events.forwarder import ApiPairImported, SessionImported
from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    ExtendAdbot,
    RestoreAdbot,
    SeatFilled,
    SeatsAwaited,
    SeatsReleased,
    SessionAssigned,
    SessionReleased,
    SessionStocked,
    SuspendAdbot,
)
from libs.events.values import AdbotId, Seat, SessionId
from libs.eventsourcing import Command
from libs.eventsourcing.testing import Act, Said, Service, service_on
from services.provisioning.adbot.domain import adbot_of
from services.provisioning.context import Context
from services.provisioning.registry import REGISTRY
from services.provisioning.seating import chooser
from tests.integration.provisioning.market import ORDERS, OWNER, PAIR_A, SESSIONS, paid, plan
from tests.support.databases import fresh_database

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = (adbot_of(order) for order in ORDERS[:2])
ONE = Seat(session=SESSIONS[0], pair=PAIR_A)
ASSIGNMENTS = "select session, adbot from stock.stock where adbot is not null order by session"

Provisioning = Service[Context]


@pytest_asyncio.fixture(loop_scope="session")
async def provisioning(postgres_server: EmbeddedPostgres) -> AsyncIterator[Provisioning]:
    """The service at noon, with a Telegram application and nothing else."""
    context = Context(chooser(max_sessions_per_pair=7), grace=7 * DAY)
    async with (
        fresh_database(postgres_server, "provisioning") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        await service.act(Said(f"apipair-{PAIR_A}", ApiPairImported(pair=PAIR_A, api_id=17)))
        yield service


def uploaded(session: SessionId) -> Said:
    imported = SessionImported(session=session, telegram_user=1, phone="+49…42", pair=None)
    return Said(f"client-{session}", imported)


def bought(order: str, sessions: int = 1, renews: AdbotId | None = None) -> Said:
    return Said(f"order-{order}", paid(order, sessions, renews))


def refunded(order: str, *, keep_sessions: bool = False) -> Said:
    event = PaymentRefunded(
        order=order, payment="4711", reason="not happy", by_hand=True, keep_sessions=keep_sessions
    )
    return Said(f"order-{order}", event)


def provisioned(number: int, *seats: Seat) -> AdbotProvisioned:
    """The event of the adbot of an order for one session, delivered at noon."""
    return AdbotProvisioned(
        adbot=adbot_of(ORDERS[number]),
        order=ORDERS[number],
        account=OWNER,
        plan=plan(1),
        seats=seats,
        valid_from=NOON if seats else None,
        valid_until=NOON + DAY if seats else None,
    )


def suspended(number: int) -> AdbotSuspended:
    reason = f"order {ORDERS[number]} was refunded: not happy"
    return AdbotSuspended(adbot=adbot_of(ORDERS[number]), reason=reason)


def filled(adbot: AdbotId, seat: Seat, begin: datetime = NOON, until: datetime = NOON + DAY) -> SeatFilled:
    return SeatFilled(adbot=adbot, seat=seat, valid_from=begin, valid_until=until)


async def prepare(service: Provisioning, *acts: Act) -> None:
    for act in acts:
        await service.act(act)


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
