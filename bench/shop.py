"""A whole system with stock, and clients whose orders of two days ago are about to be paid."""

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from pstats import Stats
from uuid import uuid4

import asyncpg

from adrelay.demo.rest import until
from adrelay.demo.system import LocalSystem
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES, Process
from bench.orders import COLUMNS
from bench.profiling import FUNCTIONS
from libs.events.billing import OrderPlaced, PaymentFinished, PaymentRequested
from libs.events.catalogue import published
from libs.events.gateway import AccountRegistered, Role
from libs.events.provisioning import ApiPairAdded, SessionStocked
from libs.events.values import AccountId, ApplicationId, OrderNumber, PaymentId, Plan, PlanKind, SessionId
from libs.eventsourcing import Engine, Event
from libs.eventsourcing.values import new_id, utc_now

SESSIONS_OF_PAIR = 7
"""The default of sessions per Telegram application in provisioning."""
_PLAN = Plan(
    code="bench",
    name="Bench",
    kind=PlanKind.STARTER,
    sessions=1,
    interval_seconds=3600,
    price_usd=Decimal(30),
    validity_days=30,
)
_COIN, _AMOUNT = "USDT", Decimal("29.988005")
_AGO, _TIME_TO_PAY = timedelta(days=2), timedelta(days=7)
"""Events older than a day cause no mail."""
_FIRST_PAYMENT = 7_000_000_001
_DEADLINE_SECONDS = 60.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Buyer:
    """A client with an unpaid order."""

    number: int
    account: AccountId = field(default_factory=lambda: AccountId(uuid4()))

    @property
    def order(self) -> OrderNumber:
        """The order's number."""
        return f"HQADZ-{self.number:08d}-BENCH"

    @property
    def payment(self) -> PaymentId:
        """The provider's id of its payment."""
        return str(_FIRST_PAYMENT + self.number)

    @property
    def price(self) -> Decimal:
        """The price in USD."""
        return _PLAN.price_usd

    @property
    def amount(self) -> Decimal:
        """The amount to pay, in USDT."""
        return _AMOUNT

    def registered(self) -> Event:
        """Return the event that registered the account."""
        digest = hashlib.sha256(self.account.bytes).hexdigest()
        return AccountRegistered(
            account=self.account,
            role=Role.CLIENT,
            code_digest=digest,
            licence=f"LIC-{self.number:08d}",
        )

    def ordered(self, at: datetime) -> list[Event]:
        """Return the order's events so far."""
        placed = OrderPlaced(
            order=self.order,
            account=self.account,
            plan=_PLAN,
            coin=_COIN,
            pay_by=at + _TIME_TO_PAY,
        )
        requested = PaymentRequested(
            order=self.order,
            provider="nowpayments",
            payment=self.payment,
            address=f"TSandbox{self.number:026d}",
            amount=self.amount,
            coin=_COIN,
            expires_at=at + _TIME_TO_PAY,
        )
        return [placed, requested]

    def paid(self) -> Event:
        """Return the event that finishes its payment."""
        return PaymentFinished(
            order=self.order,
            account=self.account,
            plan=_PLAN,
            payment=self.payment,
            paid=_AMOUNT,
            coin=_COIN,
            by_hand=False,
        )


def _profiled(process: Process, folder: Path) -> Process:
    """Return a process that writes its profile when it ends."""
    profile = str(_profile(folder, process.name))
    return replace(process, python=[*process.python, "-m", "cProfile", "-o", profile])


def _profile(folder: Path, name: str) -> Path:
    return folder / f"{name}.profile"


class Shop(LocalSystem):
    """The five services without workers, with a session in stock for each of the orders.

    The earlier events are in the stores when the services start, as they would have appended them.
    """

    def __init__(self, folder: Path, orders: int, *, watching: bool = False) -> None:
        self.secret = secrets.token_urlsafe(24)
        """The secret of the notifications' signatures."""
        self.buyers = [Buyer(number) for number in range(orders)]
        settings = {
            "ADRELAY_BILLING_IPN_SECRET": self.secret,
            "ADRELAY_BILLING_RECONCILE_CALLS_PER_MINUTE": "1",  # the sandbox does not know these payments
        }
        super().__init__(folder, workers=0, settings=settings)
        if watching:
            self.processes = [_profiled(one, self.folder) for one in self.processes]

    async def environment(self) -> dict[str, str]:
        """Store the earlier events, and return the environment of the services, which are started next."""
        await write_earlier(self.postgres, self.buyers, paid=False)
        return await super().environment()

    async def calm(self) -> None:
        """Wait until all readers have handled the earlier events."""
        asked = (
            "select (select count(*) from orders.orders where payment is not null) = $1"
            " and (select count(*) from notifications.notifications) = $1"
            " and not exists (select from outbox.outbox)"
        )
        gateway = await asyncpg.connect(self.databases["gateway"])
        try:
            await until(
                lambda: gateway.fetchval(asked, len(self.buyers)), bool, within_seconds=_DEADLINE_SECONDS
            )
        finally:
            await gateway.close()

    def cpu_seconds(self) -> dict[str, float]:
        """Return the CPU seconds of each running program so far, with its children."""
        found: dict[str, float] = {}
        for status in self.supervisor.statuses():
            if status.pid is not None:
                found[status.name] = sum(cpu_seconds(pid) for pid in (status.pid, *children(status.pid)))
        times = os.times()
        return {**found, "the bench itself": times.user + times.system}

    def print_profiles(self) -> None:
        """Print each service's functions with the most own time."""
        for name in SERVICES:
            print(f"\n{name}, by own time (being watched makes it slower)")
            Stats(str(_profile(self.folder, name))).sort_stats("tottime").print_stats(2 * FUNCTIONS)


async def write_earlier(postgres: EmbeddedPostgres, buyers: Sequence[Buyer], *, paid: bool) -> None:
    """Store stock, accounts and orders of two days ago, as services would have appended them."""
    at = utc_now() - _AGO
    registered = ((f"account-{one.account}", [one.registered()]) for one in buyers)
    orders = ((f"order-{one.order}", [*one.ordered(at), *([one.paid()] if paid else [])]) for one in buyers)
    await _write(postgres, "provisioning", at, _stock(len(buyers)))
    await _write(postgres, "gateway", at, registered)
    await _write(postgres, "billing", at, orders)


async def _write(
    postgres: EmbeddedPostgres, service: str, at: datetime, streams: Iterator[tuple[str, Sequence[Event]]]
) -> None:
    engine = Engine(service, await postgres.ensure_database(f"adrelay_{service}"), published())
    await engine.start(pool_size=1)
    try:
        rows = [row for stream, events in streams for row in _rows(stream, events, at, f"service:{service}")]
        async with engine.pool.acquire() as connection:
            await connection.copy_records_to_table(
                "events", schema_name="engine", columns=COLUMNS, records=rows
            )
    finally:
        await engine.stop()


def _stock(sessions: int) -> Iterator[tuple[str, Sequence[Event]]]:
    for number in range(-(-sessions // SESSIONS_OF_PAIR)):
        pair = ApplicationId(uuid4())
        yield f"pair-{pair}", [ApiPairAdded(pair=pair, api_id=number + 1)]
    for number in range(sessions):
        session = SessionId(uuid4())
        yield (
            f"session-{session}",
            [SessionStocked(session=session, telegram_user=number + 1, phone="+49…42")],
        )


def _rows(stream: str, events: Sequence[Event], at: datetime, actor: str) -> Iterator[tuple[object, ...]]:
    first = new_id()
    for version, event in enumerate(events, 1):
        kind = type(event)
        data = event.model_dump_json()
        yield new_id(), stream, version, kind.__name__, kind.schema_version, at, first, first, actor, data


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds of a process so far, with its ended children."""
    try:
        used = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has just ended, and is counted as its parent's
    return sum(int(ticks) for ticks in used[11:15]) / _TICKS_PER_SECOND


def children(pid: int) -> list[int]:
    """Return the running children of a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
