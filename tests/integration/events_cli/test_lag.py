"""`adrelay events lag`."""

import asyncpg

from libs.events.billing import OrderPlaced
from libs.eventsourcing import Reactions, Reader, UnitOfWork
from libs.eventsourcing.values import Cursor
from tests.integration.engine.waiting import running
from tests.integration.events_cli.conftest import EventsHarness
from tests.integration.events_cli.program import ran
from tests.integration.events_cli.scenario import Scenario


async def test_a_system_that_keeps_up_has_no_problems(harness: EventsHarness) -> None:
    await harness.relayed()
    result = await ran(harness.settings, "lag", "--json", "--patience", "3600")
    assert result.code == 0, result.err
    relays = {one["service"]: one for one in result.document["relays"]}
    assert len(relays) == 5
    assert all(one["active"] and one["behind"] == 0 for one in relays.values())
    assert relays["billing"]["stored"] >= 4
    people = await ran(harness.settings, "lag", "--patience", "3600")
    assert people.code == 0
    assert "billing" in people.out


async def test_a_reader_that_stopped_is_told_with_what_waits_before_it(harness: EventsHarness) -> None:
    reactions = Reactions()

    @reactions.to(OrderPlaced)
    async def hear(event: OrderPlaced, unit: UnitOfWork) -> None:
        del event, unit

    del hear
    before, scenario = Scenario(harness.engines), Scenario(harness.engines)
    engine = harness.engines["gateway"]
    placed = await before.append("billing", f"order-{before.order}", before.placed())
    reader = Reader("slow", engine, harness.stream, reactions=reactions)
    async with running(reader.run):
        assert await reader.reached("billing", placed.cursor, 30)
    await scenario.append("billing", f"order-{scenario.order}", scenario.placed())
    await scenario.append("billing", f"order-{scenario.order}", scenario.requested())
    await harness.relayed()
    result = await ran(harness.settings, "lag", "--json")
    assert result.code == 1
    (slow,) = [one for one in result.document["readers"] if one["name"] == "slow"]
    assert (slow["active"], slow["waiting"]) == (False, 1), "of two events it hears one"
    assert slow["oldest_seconds"] > 500
    assert "gateway: reader slow does not run" in result.document["problems"]
    await engine.query(lambda sql: sql.execute("delete from engine.readers where name = 'slow'"))


async def test_each_reader_of_a_service_is_told_by_itself(harness: EventsHarness) -> None:
    ill = list[str]()

    def hearing() -> Reactions:
        reactions = Reactions()

        @reactions.to(OrderPlaced)
        async def hear(event: OrderPlaced, unit: UnitOfWork) -> None:
            del unit
            if event.order in ill:
                raise LookupError("no such plan")

        del hear
        return reactions

    engine = harness.engines["gateway"]
    readers = [Reader(name, engine, harness.stream, reactions=hearing()) for name in ("pair-a", "pair-b")]

    async def placed(*, poison: bool = False) -> Cursor:
        scenario = Scenario(harness.engines)
        ill.extend([scenario.order] * poison)
        return (await scenario.append("billing", f"order-{scenario.order}", scenario.placed())).cursor

    async with running(*(reader.run for reader in readers)):
        first = await placed()
        assert [await reader.reached("billing", first, 30) for reader in readers] == [True, True]
    await placed()
    last = await placed(poison=True)
    async with running(readers[0].run):
        assert await readers[0].reached("billing", last, 30)
        result = await ran(harness.settings, "lag", "--json")
    assert result.code == 1
    told = {one["name"]: one for one in result.document["readers"] if one["name"].startswith("pair-")}
    assert [
        (name, one["active"], one["waiting"], one["parked"], one["checkpoints"]["billing"])
        for name, one in sorted(told.items())
    ] == [("pair-a", True, 0, 1, str(last)), ("pair-b", False, 2, 0, str(first))]
    assert [problem for problem in result.document["problems"] if "pair-" in problem] == [
        "gateway: reader pair-a has 1 dead letters; `adrelay events dead list` shows them",
        "gateway: reader pair-b does not run",
        "gateway: reader pair-b has 2 events before it",
    ]
    await engine.query(lambda sql: sql.execute("delete from engine.parked where reader like 'pair-%'"))
    await engine.query(lambda sql: sql.execute("delete from engine.readers where name like 'pair-%'"))


async def test_the_transaction_that_holds_relays_back_is_named(harness: EventsHarness) -> None:
    connection = await asyncpg.connect(
        harness.databases["gateway"], server_settings={"application_name": "a forgotten shell"}
    )
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute("select pg_current_xact_id()")
    scenario = Scenario(harness.engines)
    await scenario.append("billing", f"order-{scenario.order}", scenario.placed())
    result = await ran(harness.settings, "lag", "--json", "--patience", "0.01")
    await transaction.rollback()
    await connection.close()
    assert result.code == 1
    billing = next(one for one in result.document["databases"] if one["service"] == "billing")
    assert billing["holder"].startswith("a forgotten shell in ")
    assert billing["open_seconds"] > 0
    relay = next(one for one in result.document["relays"] if one["service"] == "billing")
    assert relay["behind"] == 1
    assert any("events wait to be relayed" in problem for problem in result.document["problems"])
    await harness.relayed()


async def test_a_relay_that_does_not_get_through_is_told_with_its_reason_and_since_when(
    harness: EventsHarness,
) -> None:
    engine = harness.engines["gateway"]
    await engine.query(
        lambda sql: sql.execute(
            "insert into engine.relay_troubles (stream, error, since) "
            "values ($1, 'FencedOut(wrong last sequence)', now() - interval '5 minutes')",
            harness.stream.name,
        )
    )
    result = await ran(harness.settings, "lag", "--json")
    await engine.query(lambda sql: sql.execute("delete from engine.relay_troubles"))
    assert result.code == 1
    (relay,) = [one for one in result.document["relays"] if one["service"] == "gateway"]
    assert relay["stall_reason"] == "FencedOut(wrong last sequence)"
    assert relay["stall_seconds"] >= 300
    (problem,) = [one for one in result.document["problems"] if "its relay" in one]
    assert problem.startswith("gateway: its relay has not got through since 2")
    assert problem.endswith("FencedOut(wrong last sequence)")
