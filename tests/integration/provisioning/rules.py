"""Provisioning without a broker, and its events and commands; see `test_rules.py`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.billing import PaymentRefunded
from libs.events.catalogue import published
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.provisioning import (
    AdbotProvisioned,
    AdbotSuspended,
    SeatFilled,
    SessionAssigned,
    SessionStocked,
)
from libs.events.values import AdbotId, ApplicationId, Seat, SessionId, SessionLoss
from libs.eventsourcing.testing import Act, Service, StreamEvent, service_on
from services.provisioning.adbot.domain import adbot_of
from services.provisioning.context import Context
from services.provisioning.registry import REGISTRY
from services.provisioning.seating import chooser
from tests.integration.provisioning.publishing import ORDERS, OWNER, PAIR_A, SESSIONS, paid, plan
from tests.support.databases import fresh_database

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, SECOND = (adbot_of(order) for order in ORDERS[:2])
ONE = Seat(session=SESSIONS[0], pair=PAIR_A)
ASSIGNMENTS = "select session, adbot from stock.stock where adbot is not null order by session"

Provisioning = Service[Context]


@asynccontextmanager
async def provisioning_at_noon(
    server: EmbeddedPostgres, *, max_sessions_per_pair: int = 7
) -> AsyncGenerator[Provisioning]:
    """Yield the service at noon, with a Telegram application in stock and nothing else."""
    context = Context(chooser(max_sessions_per_pair), grace=7 * DAY)
    async with (
        fresh_database(server, "provisioning") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        await service.act(application(PAIR_A))
        yield service


def application(pair: ApplicationId) -> StreamEvent:
    return StreamEvent(f"apipair-{pair}", ApiPairImported(pair=pair, api_id=17))


def uploaded(session: SessionId, pair: ApplicationId | None = None) -> StreamEvent:
    imported = SessionImported(session=session, telegram_user=1, phone="+49…42", pair=pair)
    return StreamEvent(f"client-{session}", imported)


def died(session: SessionId) -> StreamEvent:
    event = SessionDied(session=session, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    return StreamEvent(f"client-{session}", event)


def bought(order: str, sessions: int = 1, renews: AdbotId | None = None) -> StreamEvent:
    return StreamEvent(f"order-{order}", paid(order, sessions, renews))


def refunded(order: str, *, keep_sessions: bool = False) -> StreamEvent:
    event = PaymentRefunded(
        order=order, payment="4711", reason="not happy", by_hand=True, keep_sessions=keep_sessions
    )
    return StreamEvent(f"order-{order}", event)


def provisioned(number: int, *seats: Seat, sessions: int = 1) -> AdbotProvisioned:
    """Return the event of an order's adbot with this many sessions, delivered at noon."""
    return AdbotProvisioned(
        adbot=adbot_of(ORDERS[number]),
        order=ORDERS[number],
        account=OWNER,
        plan=plan(sessions),
        seats=seats,
        valid_from=NOON if seats else None,
        valid_until=NOON + DAY if seats else None,
    )


def stocked(session: SessionId, pair: ApplicationId | None = None) -> SessionStocked:
    return SessionStocked(session=session, telegram_user=1, phone="+49…42", pair=pair)


def assigned(adbot: AdbotId, seat: Seat) -> SessionAssigned:
    return SessionAssigned(session=seat.session, adbot=adbot, pair=seat.pair)


def suspended(number: int) -> AdbotSuspended:
    reason = f"order {ORDERS[number]} was refunded: not happy"
    return AdbotSuspended(adbot=adbot_of(ORDERS[number]), reason=reason)


def filled(adbot: AdbotId, seat: Seat, begin: datetime = NOON, until: datetime = NOON + DAY) -> SeatFilled:
    return SeatFilled(adbot=adbot, seat=seat, valid_from=begin, valid_until=until)


async def prepare(service: Provisioning, *acts: Act) -> None:
    for act in acts:
        await service.act(act)
