"""What one decision appended is shown together: by every read model, and to whoever polls the API."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
import pytest_asyncio

from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import connect_nats, event_stream
from libs.events.billing import DepositReceived, PaymentFinished, PaymentPartiallyPaid
from libs.events.catalogue import published
from libs.events.values import AccountId
from libs.eventsourcing import Engine, Projection, Reactions
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.model.envelope import with_following
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.readers.checkpoints import ResumeOffset
from libs.eventsourcing.readers.handling import Handling
from libs.eventsourcing.readers.read_units import Gathering, ReadUnit
from libs.eventsourcing.store.postgres import PostgresStore
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.values import START, Cursor, Envelope, new_id
from services.billing.registry import REGISTRY as BILLING
from services.forwarder.registry import REGISTRY as FORWARDER
from services.gateway.registry import REGISTRY as GATEWAY
from services.scheduler.registry import REGISTRY as SCHEDULER
from tests.contracts.examples import EXAMPLES, NOON
from tests.integration.gateway.fake_handlers import AMOUNT
from tests.integration.gateway.fake_services import BRONZE
from tests.integration.gateway.harness import Client, GatewayHarness
from tests.support.waiting import until

SERVICES = {service.service: service.read_models for service in (GATEWAY, BILLING, FORWARDER, SCHEDULER)}


class Fold:
    """One service's read models, folded from what a reader would meet."""

    def __init__(self, service: str, url: str, tables: Sequence[Projection]) -> None:
        self.engine = Engine(service, url, published(), read_models=tables)
        self.states: list[str] = []
        """What the tables held whenever something was committed."""
        self._tables = tables

    async def of(self, pieces: Sequence[Sequence[Arrival]]) -> list[str]:
        """Return the states that show while events come in these pieces."""
        await self.engine.start(pool_size=2)
        connection = await self.engine.connect()
        handling = Handling(READ_MODELS, self.engine, self._tables, Reactions())
        gathering = Gathering(handling.handled, {})

        def reached(left: Sequence[ReadUnit]) -> ResumeOffset:
            return ResumeOffset(NOON, gathering.sequence_before(left))

        for piece in pieces:
            gathering.add(piece, 0.0)
            for unit in gathering.take(0.0):  # the smallest transactions that there may be
                await handling.handle(connection, [unit], reached)
                self.states.append(await self._dump())
        await connection.close()
        await self.engine.stop()
        return self.states

    async def _dump(self) -> str:
        names = await self.engine.query(
            lambda sql: sql.fetch(
                "select table_schema, table_name from information_schema.tables "
                "where table_schema = any($1) order by 1, 2",
                [table.name for table in self._tables],
            )
        )
        held: dict[str, object] = {}
        for schema, name in names:
            rows = f'select to_jsonb(one)::text from "{schema}"."{name}" as one order by 1'  # noqa: S608
            async with self.engine.pool.acquire() as connection:
                held[f"{schema}.{name}"] = [row[0] for row in await connection.fetch(rows)]
        return json.dumps(held)


def units_of(dice: random.Random, most: int) -> list[list[Arrival]]:
    """Return every published event, in units of random sizes, each event in a stream of its own."""
    by_owner: dict[str, list[Envelope]] = {}
    units: list[list[Arrival]] = []
    sequence, previous, size = 0, "", 0
    for position, event in enumerate(EXAMPLES.values(), 1):
        owner = owner_of(type(event))
        if owner != previous or size == 0:
            units.append([])
            size = dice.randint(most // 2, most)
        previous, size, sequence = owner, size - 1, sequence + 1
        envelope = Envelope(
            id=new_id(),
            type=type(event).__name__,
            schema=event.schema_version,
            stream=f"example-{position}",
            version=position,
            cursor=Cursor(len(units), position),
            at=NOON + timedelta(minutes=len(units)),
            correlation_id=new_id(),
            causation_id=new_id(),
            actor="test",
            data=event.model_dump_json(),
        )
        by_owner.setdefault(owner, []).append(envelope)
        units[-1].append(Arrival(owner, sequence, envelope))
    told = {one.id: one for events in by_owner.values() for one in with_following(events)}
    return [[Arrival(one.source, one.sequence, told[one.envelope.id]) for one in unit] for unit in units]


@pytest_asyncio.fixture(loop_scope="session")
async def databases(postgres_server: EmbeddedPostgres) -> AsyncIterator[list[str]]:
    """Two empty databases."""
    names = [f"test_{uuid4().hex[:12]}" for _ in range(2)]
    yield [await postgres_server.ensure_database(name) for name in names]
    for name in names:
        await postgres_server.drop_database(name)


@pytest.mark.parametrize("service", SERVICES)
async def test_no_read_model_shows_a_state_within_a_unit(
    databases: list[str], service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "libs.eventsourcing.readers.handling.RETRY_SECONDS", ()
    )  # examples need not fit each other
    dice = random.Random(service)
    tables = SERVICES[service]
    handled = {kind.__name__ for table in tables for kind in table.events}
    units = [
        [one for one in unit if one.envelope.type in handled]  # what the reader asks the broker for
        for unit in units_of(dice, 6 if service == "gateway" else 60)
    ]
    assert service == "forwarder" or any(len(unit) > 1 for unit in units)
    borders = await Fold(service, databases[0], tables).of(units)
    arrivals = [one for unit in units for one in unit]
    pieces: list[list[Arrival]] = []
    while arrivals:
        size = dice.randint(1, 3)
        pieces.append(arrivals[:size])
        arrivals = arrivals[size:]
    assert await Fold(service, databases[1], tables).of(pieces) == borders


async def test_a_payment_that_is_completed_is_never_shown_as_half_paid_with_more(
    harness: GatewayHarness, client: Client
) -> None:
    """Pay half, then the other half: what is appended for it reaches the stream in two pieces."""
    path = f"/api/v1/payments/{client.order}"
    half = AMOUNT / 2

    async def payment() -> tuple[str, Decimal | None]:
        shown = (await harness.http.get(path)).json()
        return shown["status"], None if shown["paid"] is None else Decimal(shown["paid"])

    async def shows_half() -> bool:
        return await payment() == ("PARTIALLY_PAID", half)

    stream = f"order-{client.order}"
    partially = PaymentPartiallyPaid(
        order=client.order, payment="5001", paid=half, missing=AMOUNT - half, coin="BTC"
    )
    await harness.billing.publish(stream, partially)
    await until(shows_half)
    await harness.billing.pause()
    deposit = DepositReceived(order=client.order, deposit="5002", paid=half, coin="BTC")
    finished = PaymentFinished(
        order=client.order,
        account=AccountId(client.account),
        plan=BRONZE,
        payment="5001",
        paid=AMOUNT,
        coin="BTC",
        by_hand=False,
    )
    await harness.billing.publish(stream, deposit, finished)
    async with harness.billing.engine.pool.acquire() as connection:
        events = await PostgresStore(connection, published()).read(START, 10_000)
    nats = await connect_nats(harness.nats.url, "test")
    broker = event_stream(nats, prefix=harness.prefix)
    await broker.publish("billing", with_following(events)[-2:-1], await broker.acquire_token("billing"))
    await nats.close()
    await harness.adbot(client)  # another service's event, behind it on the stream, is shown
    seen = {await payment() for _ in range(20)}
    harness.billing.resume()

    async def is_over() -> bool:
        seen.add(await payment())
        return ("FINISHED", AMOUNT) in seen

    async with asyncio.timeout(60):
        await until(is_over)
    assert seen == {("PARTIALLY_PAID", half), ("FINISHED", AMOUNT)}
