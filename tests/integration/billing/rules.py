"""Billing without a broker and with a provider in memory: see `test_stock_rules.py`."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.events.catalogue import published
from libs.events.commands.billing import ListProduct, PlaceOrder, RecordNotification
from libs.events.provisioning import AdbotProvisioned, SessionStocked
from libs.events.values import AccountId, AdbotId, Coin, OrderNumber, PaymentId, Seat, SessionId
from libs.eventsourcing import Event, Refused
from libs.eventsourcing.testing import Act, Service, StreamEvent, service_on
from libs.eventsourcing.values import new_id
from services.billing.context import Context
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState
from services.billing.order.settling import Tolerance
from services.billing.payments.requesting import PaymentRequests
from services.billing.ports import PaymentOffer, PaymentWish
from services.billing.product.catalogue import DEFAULT_FILE, read_catalogue
from services.billing.registry import REGISTRY
from services.billing.stock.limits import Limits
from tests.integration.billing.harness import ACCOUNT, ADBOT, client_of
from tests.support.databases import fresh_database
from tests.support.plans import BRONZE

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
PROMISED, VALID = timedelta(minutes=30), timedelta(days=1)
FREE = "select count(*) from free_sessions.free_sessions"
WAITING = "select coalesce(sum(missing), 0)::int from free_sessions.adbots where waiting"
AMOUNT = Decimal("0.00046692")


@dataclass
class Provider:
    """A provider that answers every request, and signs its notifications with their number."""

    name: str = "nowpayments"
    coins: tuple[Coin, ...] = ("BTC",)
    pause_seconds: float = 0.0
    prices: dict[OrderNumber, Decimal] = field(default_factory=dict[OrderNumber, Decimal])
    offers: dict[OrderNumber, PaymentOffer] = field(default_factory=dict[OrderNumber, PaymentOffer])
    reports: list[PaymentReport] = field(default_factory=list[PaymentReport])

    def coin(self, code: str) -> Coin | None:
        """Accept bitcoin."""
        return "BTC" if code == "btc" else None

    async def request(self, wish: PaymentWish) -> PaymentOffer:
        """Create a payment."""
        number = str(5000 + len(self.offers))
        self.prices[wish.order] = wish.price_usd
        self.offers[wish.order] = PaymentOffer(number, f"bc1q{number}", None, AMOUNT, None)
        return self.offers[wish.order]

    async def report(self, payment: PaymentId) -> PaymentReport:
        """Return the latest report of a payment."""
        return [report for report in self.reports if report.payment == payment][-1]

    async def minimum_usd(self, coin: Coin) -> Decimal | None:
        """Return that there is no minimum."""
        del coin
        return None

    def read_notification(self, body: bytes, signature: str) -> PaymentReport:
        """Return the report of this number."""
        del signature
        return self.reports[int(body)]


class Shop:
    """A whole service, and its provider."""

    def __init__(self, service: Service[Context], provider: Provider) -> None:
        self.service = service
        self._provider = provider

    async def tried(
        self,
        number: OrderNumber,
        plan: str = "bronze",
        *,
        account: AccountId | None = None,
        origin: str | None = None,
        renews: AdbotId | None = None,
    ) -> str:
        """Place an order and return why it was refused, or `placed`; each is another client's if not said."""
        order = PlaceOrder(
            order=number,
            account=account or client_of(number),
            plan=plan,
            coin="BTC",
            renews=renews,
            origin=origin,
        )
        try:
            await self.service.act(order)
        except Refused as refusal:
            return refusal.code
        return "placed"

    async def act(self, *acts: Act) -> None:
        """Perform acts, one after another."""
        for act in acts:
            await self.service.act(act)

    async def stock(self, sessions: int) -> list[SessionId]:
        """Stock this many sessions in provisioning."""
        ids = [SessionId(new_id()) for _ in range(sessions)]
        for session in ids:
            stocked = SessionStocked(session=session, telegram_user=1, phone="+49…42")
            await self.act(of_session(session, stocked))
        return ids

    async def provision(self, number: OrderNumber, *seats: Seat) -> None:
        """Deliver an order in provisioning, its seats still empty by default."""
        provisioned = AdbotProvisioned(
            adbot=ADBOT,
            order=number,
            account=ACCOUNT,
            plan=BRONZE,
            seats=seats,
            valid_from=None,
            valid_until=None,
        )
        await self.act(of_adbot(provisioned))

    async def report(self, number: OrderNumber, status: PaymentState, paid: Decimal = AMOUNT) -> None:
        """Report a status of an order's payment, as a notification."""
        offer = self._provider.offers[number]
        report = PaymentReport(
            payment=offer.payment,
            parent=None,
            order=number,
            status=status,
            status_text=status.lower(),
            price=self._provider.prices[number],
            price_currency="USD",
            amount=AMOUNT,
            paid=paid,
            coin="BTC",
            currency="btc",
        )
        self._provider.reports.append(report)
        body = str(len(self._provider.reports) - 1).encode()
        await self.act(RecordNotification(body=body, signature="any"))

    async def last(self) -> type[Event]:
        """Return the type of the event that was appended last."""
        return type((await self.service.happened())[-1])

    async def free(self) -> int:
        """Return how many free sessions billing knows of."""
        return await self._count(FREE)

    async def waiting(self) -> int:
        """Return how many seats billing knows to wait for stock."""
        return await self._count(WAITING)

    async def _count(self, query: str) -> int:
        [(found,)] = await self.service.rows(query)
        return int(found)


def of_session(session: SessionId, event: Event) -> StreamEvent:
    return StreamEvent(f"session-{session}", event)


def of_adbot(event: Event) -> StreamEvent:
    return StreamEvent(f"adbot-{ADBOT}", event)


@asynccontextmanager
async def shop_at_noon(server: EmbeddedPostgres, *, order_valid: timedelta = VALID) -> AsyncGenerator[Shop]:
    """The service at noon, with the default catalogue and without stock."""
    provider = Provider()
    context = Context(
        provider=provider,
        requests=PaymentRequests(provider, timeout_seconds=5),
        order_valid=order_valid,
        promised=PROMISED,
        limits=Limits(per_account=15, per_address=15, share=0.5),
        tolerance=Tolerance(percent=Decimal(0), usd=Decimal(0)),
    )
    async with (
        fresh_database(server, "billing") as url,
        service_on(url, REGISTRY, published(), context, at=NOON) as service,
    ):
        for plan in read_catalogue(DEFAULT_FILE):
            await service.act(ListProduct(plan=plan))
        yield Shop(service, provider)
