"""Events of billing and the forwarder for provisioning, and its start."""

from contextlib import AbstractAsyncContextManager
from datetime import datetime
from decimal import Decimal
from uuid import uuid4

from libs.events.billing import PaymentFinished, PaymentRefunded
from libs.events.catalogue import published
from libs.events.forwarder import ApiPairImported, SessionDied, SessionImported
from libs.events.provisioning import AdbotProvisioned, SessionStocked
from libs.events.values import AccountId, AdbotId, ApplicationId, Plan, Seat, SessionId, SessionLoss
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.provisioning.adbot.commands import Provision
from services.provisioning.adbot.domain import ADBOT, adbot_of
from services.provisioning.adbot.tables import ADBOTS
from services.provisioning.service import run
from services.provisioning.session.commands import Assign, Stock
from services.provisioning.session.domain import SESSION
from services.provisioning.session.tables import STOCK
from services.provisioning.settings import ProvisioningSettings
from services.provisioning.telegram_application.commands import AddApplication
from services.provisioning.telegram_application.domain import APPLICATION
from tests.integration.provisioning.harness import FakeService, ServiceHarness
from tests.support.plans import SILVER

OWNER = AccountId(uuid4())
ORDERS = [f"HQADZ-20310504-AB{number:02}" for number in range(10, 40)]
SESSIONS = [SessionId(uuid4()) for _ in range(90)]
PAIR_A, PAIR_B = ApplicationId(uuid4()), ApplicationId(uuid4())


def service(harness: ServiceHarness, **given: object) -> AbstractAsyncContextManager[None]:
    return harness.running(run, ProvisioningSettings, **given)


def plan(sessions: int) -> Plan:
    return SILVER.model_copy(update={"sessions": sessions, "validity_days": 1})


def paid(order: str, sessions: int = 2, renews: AdbotId | None = None) -> PaymentFinished:
    return PaymentFinished(
        order=order,
        account=OWNER,
        plan=plan(sessions),
        renews=renews,
        payment="4711",
        paid=Decimal("0.5"),
        coin="LTC",
        by_hand=False,
    )


async def pay(
    billing: FakeService, order: str, sessions: int = 2, *, renews: AdbotId | None = None
) -> Causes:
    return await billing.publish(f"order-{order}", paid(order, sessions, renews))


async def refund(billing: FakeService, order: str, *, keep_sessions: bool = False) -> Causes:
    refunded = PaymentRefunded(
        order=order, payment="4711", reason="not happy", by_hand=True, keep_sessions=keep_sessions
    )
    return await billing.publish(f"order-{order}", refunded)


async def import_session(
    forwarder: FakeService, session: SessionId, pair: ApplicationId | None = None
) -> None:
    imported = SessionImported(session=session, telegram_user=1, phone="+49…42", pair=pair)
    await forwarder.publish(f"client-{session}", imported)


async def import_pair(forwarder: FakeService, pair: ApplicationId = PAIR_A) -> None:
    await forwarder.publish(f"apipair-{pair}", ApiPairImported(pair=pair, api_id=17))


async def stock_up(harness: ServiceHarness, forwarder: FakeService, *sessions: SessionId) -> None:
    before = len(await harness.events_of(SessionStocked))
    for session in sessions:
        await import_session(forwarder, session)
    await harness.wait_for(SessionStocked, before + len(sessions))


async def die(forwarder: FakeService, session: SessionId) -> None:
    died = SessionDied(session=session, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
    await forwarder.publish(f"client-{session}", died)


async def sold_before(
    harness: ServiceHarness, orders: list[str], begun: datetime, *, seats: int = 2, stocked: int = 0
) -> list[AdbotProvisioned]:
    """Append the events that the service would have appended for these paid orders, each with its own seats.

    The sessions are the first of `SESSIONS`, in the order of the orders; `stocked` more are in stock.
    """
    engine = Engine("provisioning", harness.database, published(), state_tables=[STOCK, ADBOTS])
    await engine.start()

    async def work(unit: UnitOfWork) -> list[AdbotProvisioned]:
        await unit.execute(APPLICATION, PAIR_A, AddApplication(PAIR_A, 17, unit.at))
        sold: list[AdbotProvisioned] = []
        sessions = iter(SESSIONS)
        for order in orders:
            adbot = adbot_of(order)
            taken = [Seat(session=next(sessions), pair=PAIR_A) for _ in range(seats)]
            for seat in taken:
                await _stock(unit, seat.session)
                await unit.execute(SESSION, seat.session, Assign(adbot, seat.pair, begun))
            command = Provision(adbot, order, OWNER, plan(seats), tuple(taken), begun)
            appended = await unit.execute(ADBOT, adbot, command)
            sold.extend(event for event in appended if isinstance(event, AdbotProvisioned))
        for _ in range(stocked):
            await _stock(unit, next(sessions))
        return sold

    done = await engine.run(work, Causes.first("test"))
    await engine.stop()
    return done.value or []


async def _stock(unit: UnitOfWork, session: SessionId) -> None:
    await unit.execute(SESSION, session, Stock(session, 1, "+49…42", None, unit.at))
