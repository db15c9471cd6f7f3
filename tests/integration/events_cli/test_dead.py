"""`adrelay events dead`, on a reader that is running."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import uuid4

import pytest_asyncio

from libs.events.billing import OrderPlaced
from libs.eventsourcing import Reactions, Reader, UnitOfWork
from tests.integration.engine.waiting import running
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran
from tests.integration.events_cli.scenario import Scenario, append
from tests.support.waiting import until


@dataclass
class Clinic:
    """A reader that can't handle some orders as long as it is ill."""

    harness: EventsHarness
    name: str
    reader: Reader
    ill: bool = True
    cases: set[str] = field(default_factory=set[str])
    handled: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])

    async def dead_letters(self) -> int:
        count: int = await self.harness.engines["provisioning"].query(
            lambda sql: sql.fetchval("select count(*) from engine.parked where reader = $1", self.name)
        )
        return count

    async def make_two_dead_letters(self, scenario: Scenario) -> str:
        """Return an order of which two events are dead letters."""
        stream = f"order-{scenario.order}"
        self.cases.add(stream)
        await scenario.append("billing", stream, scenario.placed())
        await scenario.append("billing", stream, scenario.requested())

        async def both() -> bool:
            return await self.dead_letters() >= 2

        await until(both)
        return stream

    def of(self, stream: str) -> list[str]:
        return [kind for name, kind in self.handled if name == stream]


@pytest_asyncio.fixture(loop_scope="session")
async def clinic(harness: EventsHarness) -> AsyncIterator[Clinic]:
    reactions = Reactions()
    name = f"ill-{uuid4().hex[:6]}"
    reader = Reader(name, harness.engines["provisioning"], harness.stream, reactions=reactions)
    clinic = Clinic(harness, name, reader)

    async def treat(event: object, unit: UnitOfWork) -> None:
        stream = unit.cause.envelope.stream
        if clinic.ill and isinstance(event, OrderPlaced) and stream in clinic.cases:
            raise LookupError("no such plan")
        clinic.handled.append((stream, type(event).__name__))

    for kind in harness.engines["provisioning"].catalogue:
        if kind.__module__.endswith("billing"):
            reactions.to(kind)(treat)
    clinic.reader = Reader(name, harness.engines["provisioning"], harness.stream, reactions=reactions)
    async with running(clinic.reader.run):
        yield clinic
    await harness.engines["provisioning"].query(
        lambda sql: sql.execute("delete from engine.parked where reader = $1", name)
    )
    await harness.engines["provisioning"].query(
        lambda sql: sql.execute("delete from engine.readers where name = $1", name)
    )


async def test_dead_letters_are_listed_and_shown_with_their_errors(
    harness: EventsHarness, clinic: Clinic
) -> None:
    listed = await ran(harness.settings, "dead", "list", "--reader", "nobody")
    assert (listed.code, listed.out) == (0, "no dead letters\n")
    stream = await clinic.make_two_dead_letters(Scenario(harness.engines))
    listed = await ran(harness.settings, "dead", "list", "--json", "--reader", clinic.name)
    assert listed.code == 1
    letter = {one["stream"]: one for one in listed.document}[stream]
    assert (letter["type"], letter["follow"], letter["service"]) == ("OrderPlaced", 1, "provisioning")
    assert letter["error"] == "LookupError('no such plan')"
    shown = await ran(harness.settings, "dead", "show", letter["id"])
    assert shown.code == 0
    assert "LookupError('no such plan')" in shown.out
    assert "email=client@example.org" in shown.out
    people = await ran(harness.settings, "dead", "list", "--reader", clinic.name)
    assert people.code == 1
    assert f"{stream} of billing, blocked for provisioning's reader {clinic.name}" in people.out


async def test_a_retry_handles_the_stream_in_order_once_the_cause_is_gone(
    harness: EventsHarness, clinic: Clinic
) -> None:
    scenario = Scenario(harness.engines)
    stream = await clinic.make_two_dead_letters(scenario)
    before = await ran(harness.settings, "dead", "retry", stream, "--reader", clinic.name)
    assert before.code == 1
    assert "2 dead letters left; v1: LookupError('no such plan')" in before.err
    assert clinic.of(stream) == []
    clinic.ill = False
    after = await ran(harness.settings, "dead", "retry", stream, "--reader", clinic.name)
    assert after.code == 0, after.err
    assert clinic.of(stream) == ["OrderPlaced", "PaymentRequested"]
    assert await clinic.dead_letters() == 0
    await append(harness.engines["billing"], stream, [scenario.requested()], scenario.causes, scenario.begin)

    async def third() -> bool:
        return len(clinic.of(stream)) == 3

    await until(third)
    assert await clinic.dead_letters() == 0, "what follows is handled as ever"


async def test_a_dropped_event_is_never_handled_and_what_follows_is(
    harness: EventsHarness, clinic: Clinic
) -> None:
    stream = await clinic.make_two_dead_letters(Scenario(harness.engines))
    refused = await ran(harness.settings, "dead", "drop", stream)
    assert refused.code != 0, "nobody said yes"
    assert await clinic.dead_letters() == 2
    dropped = await ran(harness.settings, "dead", "drop", stream, "--yes")
    assert dropped.code == 0, dropped.err
    assert "OrderPlaced v1" in dropped.err
    assert clinic.of(stream) == ["PaymentRequested"]
    assert await clinic.dead_letters() == 0


async def test_all_of_a_stream_can_be_dropped(harness: EventsHarness, clinic: Clinic) -> None:
    stream = await clinic.make_two_dead_letters(Scenario(harness.engines))
    dropped = await ran(harness.settings, "dead", "drop", stream, "--rest", "--yes", "--json")
    assert dropped.code == 0, dropped.err
    assert dropped.document[0]["still_parked"] == []
    assert clinic.of(stream) == []


async def test_a_reader_that_does_not_run_does_it_when_it_comes_back(harness: EventsHarness) -> None:
    engine = harness.engines["scheduler"]
    name = f"away-{uuid4().hex[:6]}"
    scenario = Scenario(harness.engines)
    stream = f"order-{scenario.order}"
    recorded = await scenario.append("billing", stream, scenario.placed())
    await engine.query(
        lambda sql: sql.execute(
            "insert into engine.parked (reader, source, xid, position, stream, envelope, error) "
            "values ($1, 'billing', $2, $3, $4, $5::text::jsonb, 'LookupError()')",
            name,
            *recorded.cursor,
            stream,
            recorded.envelope.to_json().decode(),
        )
    )
    asked = await ran(harness.settings, "dead", "retry", "--all", "--reader", name, "--wait", "0.2")
    assert asked.code == 1
    assert "the reader has not come to it yet" in asked.err
    heard: list[str] = []
    reactions = Reactions()

    @reactions.to(OrderPlaced)
    async def hear(event: OrderPlaced, unit: UnitOfWork) -> None:
        if unit.cause.envelope.stream == stream:
            heard.append(event.order)

    del hear
    await engine.query(
        lambda sql: sql.execute(
            "insert into engine.checkpoints values ($1, 'billing', $2, $3)", name, *recorded.cursor
        )
    )
    async with running(Reader(name, engine, harness.stream, reactions=reactions).run):

        async def done() -> bool:
            return heard == [scenario.order]

        await until(done)
    await engine.query(lambda sql: sql.execute("delete from engine.readers where name = $1", name))


async def test_unknown_names_are_one_clear_line(harness: EventsHarness) -> None:
    for command in ("show", "retry", "drop"):
        result = await ran(harness.settings, "dead", command, "order-NONE")
        assert (result.code, result.out) == (1, "")
        assert result.err == "✗ no dead letter or stream goes by the name 'order-NONE'\n"
    result = await ran(harness.settings, "dead", "retry")
    assert (result.code, result.err) == (2, "✗ name an event or a stream, or say --all\n")
    result = await ran(harness.settings, "dead", "list", "--service", "baking")
    assert result.code == 2
