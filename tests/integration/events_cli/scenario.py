"""A scenario over all five stores and the stream, as the services would append it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from uuid import UUID, uuid4

from libs.events.billing import OrderFulfilled, OrderPlaced, PaymentFinished, PaymentRequested
from libs.events.forwarder import CycleFinished, CycleStarted, Share
from libs.events.gateway import AccountRegistered, Role
from libs.events.provisioning import AdbotProvisioned
from libs.events.scheduler import AdbotStarted, CycleDue
from libs.events.values import (
    AccountId,
    AdbotId,
    ApplicationId,
    CycleId,
    Pacing,
    ResultClass,
    Seat,
    SessionId,
    TextPost,
)
from libs.eventsourcing import Causes, Engine, Event
from libs.eventsourcing.model.envelope import Recorded
from libs.eventsourcing.projections.sql import Writes
from libs.eventsourcing.store.connections import ISOLATION
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.values import utc_now
from tests.support.plans import BRONZE

PLAN = BRONZE.model_copy(update={"interval_seconds": 600})
DIGEST = "ab" * 32
SEAT = Seat(session=SessionId(UUID(int=7)), pair=ApplicationId(UUID(int=8)))


def _new_key() -> str:
    return uuid4().hex[:8].upper()


@dataclass
class Scenario:
    """An order that was paid and delivered, and the first cycle of its adbot."""

    engines: dict[str, Engine]
    key: str = field(default_factory=_new_key)
    begin: datetime = field(default_factory=lambda: utc_now() - timedelta(minutes=10))
    causes: Causes = field(default_factory=partial(Causes.first, "account:client"))
    account: AccountId = field(default_factory=lambda: AccountId(uuid4()))
    adbot: AdbotId = field(default_factory=lambda: AdbotId(uuid4()))
    cycle: CycleId = field(default_factory=lambda: CycleId(uuid4()))
    appended: dict[str, Recorded] = field(default_factory=dict[str, Recorded])

    @property
    def order(self) -> str:
        return f"HQADZ-{self.key}-TEST"

    @property
    def payment(self) -> str:
        return f"5{int(self.key, 16)}"

    async def run(self) -> None:
        """Append every event with its cause, each a second after the one before."""
        order = f"order-{self.order}"
        await self.append(
            "gateway",
            f"account-{self.account}",
            AccountRegistered(
                account=self.account,
                email="client@example.org",
                role=Role.CLIENT,
                code_digest=DIGEST,
                licence="LIC-AAAA-BBBB-CCCC",
            ),
        )
        await self.append("billing", order, self.placed())
        await self.append("billing", order, self.requested())
        await self.append(
            "billing",
            order,
            PaymentFinished(
                order=self.order,
                account=self.account,
                plan=PLAN,
                payment=self.payment,
                paid=Decimal("0.0005"),
                coin="BTC",
                by_hand=False,
            ),
        )
        await self.append(
            "provisioning",
            f"adbot-{self.adbot}",
            AdbotProvisioned(
                adbot=self.adbot,
                order=self.order,
                account=self.account,
                plan=PLAN,
                seats=(SEAT,),
                valid_from=self.begin,
                valid_until=self.begin + timedelta(days=30),
            ),
            after="PaymentFinished",
        )
        fulfilled = OrderFulfilled(order=self.order, account=self.account, adbot=self.adbot)
        await self.append("billing", order, fulfilled, after="AdbotProvisioned")
        await self.send_one_cycle()

    async def send_one_cycle(self) -> None:
        schedule, cycle = f"schedule-{self.adbot}", f"cycle-{self.cycle}"
        post, pacing = TextPost(text="hello"), Pacing(delay_seconds=1)
        await self.append(
            "scheduler",
            schedule,
            AdbotStarted(adbot=self.adbot, started_at=self.begin, anchor=self.begin, interval_seconds=600),
        )
        due = CycleDue(
            cycle=self.cycle,
            adbot=self.adbot,
            account=self.account,
            number=1,
            due_at=self.begin,
            post=post,
            groups=("@berlin",),
            seats=(SEAT,),
            pacing=pacing,
        )
        await self.append("scheduler", schedule, due, after="AdbotStarted")
        begun = CycleStarted(
            cycle=self.cycle,
            adbot=self.adbot,
            post=post,
            pacing=pacing,
            shares=(Share(session=SEAT.session, pair=SEAT.pair, groups=("@berlin",)),),
            started_at=self.begin,
        )
        await self.append("forwarder", cycle, begun, after="CycleDue")
        done = CycleFinished(
            cycle=self.cycle, adbot=self.adbot, counts={ResultClass.SENT: 1}, started_at=self.begin
        )
        await self.append("forwarder", cycle, done, after="CycleStarted")

    def placed(self) -> OrderPlaced:
        return OrderPlaced(
            order=self.order,
            account=self.account,
            email="client@example.org",
            plan=PLAN,
            coin="BTC",
            pay_by=self.begin + timedelta(days=1),
        )

    def requested(self) -> PaymentRequested:
        return PaymentRequested(
            order=self.order,
            provider="nowpayments",
            payment=self.payment,
            address="3SandboxAddress",
            amount=Decimal("0.0005"),
            coin="BTC",
        )

    async def append(self, service: str, stream: str, event: Event, *, after: str | None = None) -> Recorded:
        """Append an event, and fold it into the state tables."""
        causes = self.causes if after is None else self.appended[after].causes(f"service:{service}")
        at = self.begin + timedelta(seconds=len(self.appended))
        self.appended[type(event).__name__] = one = (
            await append(self.engines[service], stream, [event], causes, at)
        )[0]
        return one


async def append(
    engine: Engine, stream: str, events: Sequence[Event], causes: Causes, at: datetime
) -> list[Recorded]:
    """Append events to a stream without a decision."""
    async with engine.pool.acquire() as connection, connection.transaction(isolation=ISOLATION):
        version = await connection.fetchval(
            "select coalesce(max(version), 0) from engine.events where stream = $1", stream
        )
        store = PostgresStore(connection, engine.catalogue)
        recorded = await store.append(stream, version, events, causes=causes, at=at)
        writes = Writes(connection)
        for one in recorded:
            for table in engine.state_tables:
                await table.apply(one, writes)
        await writes.flush()
    engine.announce(recorded)
    return recorded
