"""The tools as an operator runs them: what they say, what they exit with, what they leave alone."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

import nats
import pytest
import pytest_asyncio

from adrelay.commands.events.tables.folded import tables_of
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES
from libs.chassis.broker import event_stream
from libs.chassis.names import APPLICATION
from libs.events.catalogue import published
from libs.eventsourcing import Causes, Decider, Engine, Event, EventStream, Reader, Relay, Sql
from libs.eventsourcing.projections.tables import READ_MODELS
from libs.eventsourcing.store.restored_clusters import RestoredElsewhere
from tests.integration.engine.waiting import running
from tests.integration.engine_tools.counting import last_cursor
from tests.integration.events_cli.program import CommandResult, ran
from tests.integration.events_cli.scenario import Scenario
from tests.support.databases import drop, new_database


@dataclass
class Office:
    """The five services' databases with all their tables, and what an operator is told of them."""

    settings: dict[str, str]
    engines: dict[str, Engine]
    stream: EventStream

    async def tool(self, *arguments: str) -> CommandResult:
        """Run a tool."""
        return await ran(self.settings, *arguments)

    async def publish(self, service: str, stream: str, *events: Event) -> None:
        """Append events as the service would, with its tables."""
        category, _, key = stream.partition("-")
        decider = Decider[tuple[Event, ...], int, Event](
            category, lambda events, _: events, lambda count, _: (count or 0) + 1
        )
        await self.engines[service].run(
            lambda unit: unit.execute(decider, key, events), Causes.first("account:client")
        )

    async def orders(self, count: int) -> None:
        """Place some orders."""
        for _ in range(count):
            scenario = Scenario({})
            await self.publish("billing", f"order-{scenario.order}", scenario.placed())

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        """Relay billing's events and read them in the gateway."""
        gateway = self.engines["gateway"]
        reader = Reader(READ_MODELS, gateway, self.stream, tables=gateway.read_models, everything=True)
        async with running(Relay(self.engines["billing"], self.stream).run, reader.run):
            yield
            assert await reader.reached("billing", await last_cursor(self.engines["billing"]), 20)

    async def change(self, service: str, statement: str) -> None:
        """Spoil a table."""

        async def work(sql: Sql) -> None:
            await sql.execute(statement)

        await self.engines[service].query(work)


@asynccontextmanager
async def furnished(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncGenerator[Office]:
    tag = f"of{uuid4().hex[:8]}"
    databases = {name: await new_database(postgres_server, name) for name in SERVICES}
    settings = {f"ADRELAY_{name.upper()}_POSTGRES_URL": url for name, url in databases.items()}
    settings |= {"ADRELAY_NATS_URL": nats_server.url, "ADRELAY_NATS_PREFIX": tag}
    client = await nats.connect(nats_server.url)
    stream = event_stream(client, prefix=tag)
    await stream.ensure()
    async with AsyncExitStack() as stack:
        engines: dict[str, Engine] = {}
        for name, url in databases.items():
            known = tables_of(name, url)
            engines[name] = Engine(
                name,
                url,
                published(),
                state_tables=known.state_tables,
                read_models=known.read_models,
                application=APPLICATION,
            )
            await engines[name].start(pool_size=3)
            stack.push_async_callback(engines[name].stop)
        yield Office(settings, engines, stream)
    await client.jetstream().delete_stream(stream.name)
    await client.close()
    for url in databases.values():
        await drop(postgres_server, url)


@pytest_asyncio.fixture(loop_scope="session")
async def office(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Office]:
    """An office of this test's own."""
    async with furnished(postgres_server, nats_server) as office:
        yield office


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def quiet_office(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Office]:
    """An office in which nothing is changed."""
    async with furnished(postgres_server, nats_server) as office:
        yield office


async def test_a_wrong_read_model_is_found_and_made_right(office: Office) -> None:
    async with office.serving():
        await office.orders(5)
    assert (await office.tool("verify")).code == 0
    await office.change("gateway", "update orders set status = 'FULFILLED'")
    found = await office.tool("verify", "--table", "orders", "--json")
    assert found.code == 1
    wrong = {one["name"]: one["tables"][0] for one in found.document["tables"] if one["service"] == "gateway"}
    assert (wrong["orders"]["missing"], wrong["orders"]["surplus"]) == (5, 5)

    plan = await office.tool("rebuild", "gateway", "orders", "--dry-run")
    assert plan.code == 0
    assert "5 events of the stream" in plan.err
    assert "orders__old_v" in plan.err
    assert (await office.tool("verify", "--table", "orders")).code == 1

    done = await office.tool("rebuild", "gateway", "orders", "--yes", "--json")
    assert (done.code, done.document["exchanged"], done.document["events"]) == (0, True, 5)
    assert (await office.tool("verify", "--table", "orders")).code == 0
    kept = {
        (one["service"], one["name"], one["kind"]) for one in (await office.tool("tables", "--json")).document
    }
    assert ("gateway", "orders", "kept") in kept
    assert (await office.tool("tables", "--drop-kept", "--yes", "--json")).document == [
        {"service": "gateway", "schema": f"orders__old_v{done.document['version']}"}
    ]


async def test_a_broker_that_lost_its_disk_is_filled_again(office: Office) -> None:
    async with office.serving():
        await office.orders(20)
    await office.stream.nats.jetstream().delete_stream(office.stream.name)
    counted = await office.tool("republish", "--dry-run", "--json")
    assert counted.code == 1
    missing = {one["service"]: one["missing"] for one in counted.document}
    assert missing == dict.fromkeys(SERVICES, 0) | {"billing": 20}
    assert (await office.tool("republish", "--yes")).code == 0
    assert (await office.tool("republish", "--dry-run")).code == 0
    assert (await office.tool("verify", "--no-tables")).code == 0


async def test_a_rebuild_that_is_left_beside_is_taken_by_the_next(office: Office) -> None:
    await office.orders(3)
    await office.change("billing", "delete from order_timeouts")
    assert (await office.tool("rebuild", "billing", "order_timeouts", "--build-only", "--yes")).code == 0
    table = "select count(*) from order_timeouts"
    assert await office.engines["billing"].query(lambda sql: sql.fetchval(table)) == 0
    await office.orders(2)
    done = await office.tool("rebuild", "billing", "order_timeouts", "--yes", "--json")
    assert (done.document["resumed"], done.document["events"]) == (True, 2)
    assert await office.engines["billing"].query(lambda sql: sql.fetchval(table)) == 5


async def test_a_restored_store_is_rebased(office: Office) -> None:
    await office.orders(3)
    restored = "update engine.events set xid = (xid::text::bigint + 50000000)::text::xid8"
    await office.change("billing", restored)
    known = office.engines["billing"]
    await known.stop()
    with pytest.raises(RestoredElsewhere):
        await known.start()
    await known.stop()
    done = await office.tool("rebase", "billing", "--yes", "--json")
    assert done.code == 0, done.err
    assert "restored into a younger cluster" in done.err
    assert done.document["ahead"] > 40_000_000
    await known.start()
    async with office.serving():
        await office.orders(2)
    assert (await office.tool("verify")).code == 0


async def test_without_a_yes_nothing_is_changed(office: Office) -> None:
    await office.orders(2)
    for arguments in (("rebuild", "billing", "orders"), ("republish",), ("republish", "--anew")):
        assert (await office.tool(*arguments)).code == 1
    assert (await office.stream.last("billing")).sequence == 0
    listed = (await office.tool("tables", "--service", "billing", "--json")).document
    assert {one["kind"] for one in listed} <= {"state", "read"}, "there are no shadow tables"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["rebuild", "billing", "nosuch", "--yes"], "no table 'nosuch'"),
        (["rebuild", "nobody", "orders", "--yes"], "no service is called 'nobody'"),
        (["rebuild", "billing", "orders; drop table x", "--yes"], "no table"),
        (["rollback", "billing", "orders", "--yes"], "is archived"),
        (["rollback", "scheduler", "schedules", "adbots", "--yes"], "one after the other"),
        (["retire", "billing", "orders", "--yes"], "still folds orders"),
        (["retire", "billing", "nosuch", "--yes"], "no table called nosuch"),
        (["verify", "--table", "nosuch"], "no table is called 'nosuch'"),
        (["verify", "--service", "nobody"], "no service is called 'nobody'"),
        (["rebase", "nobody", "--yes"], "no service is called 'nobody'"),
        (["rebase", "billing", "--yes"], "billing runs"),
    ],
)
async def test_bad_input_is_one_clear_line(quiet_office: Office, arguments: list[str], says: str) -> None:
    result = await quiet_office.tool(*arguments)
    assert result.code != 0
    assert says in result.err
    assert len(result.err.splitlines()) <= 2
    assert "Traceback" not in result.err


@pytest.mark.parametrize("command", [["verify"], ["rebuild", "billing", "orders", "--yes"], ["republish"]])
async def test_an_unreachable_server_is_one_clear_line(quiet_office: Office, command: list[str]) -> None:
    wrong = {"ADRELAY_BILLING_POSTGRES_URL": "postgresql://someone:secretword@127.0.0.1:1/x"}
    if command == ["verify"]:
        wrong = {"ADRELAY_NATS_URL": "nats://someone:secretword@127.0.0.1:1"}
    result = await ran(quiet_office.settings | wrong, *command)
    assert result.code == 2
    assert "nothing listens there" in result.err
    assert "secretword" not in result.err + result.out


async def test_two_builders_do_not_get_in_each_others_way(office: Office) -> None:
    await office.orders(1)
    both = await asyncio.gather(*(office.tool("rebuild", "billing", "orders", "--yes") for _ in range(2)))
    for one in both:
        assert one.code == 0 or "someone else builds or checks tables of billing" in one.err
    assert any(one.code == 0 for one in both)
    assert (await office.tool("verify", "--table", "orders")).code == 0


async def test_nothing_is_published_where_nothing_is_missing(office: Office) -> None:
    async with office.serving():
        await office.orders(2)
    before = (await office.stream.last("billing")).sequence
    result = await office.tool("republish", "--yes")
    assert (result.code, result.out.splitlines()[-1]) == (0, "✓ nothing is missing")
    counts = (await office.tool("republish", "--json")).document
    assert {one["service"]: one["missing"] for one in counts} == dict.fromkeys(SERVICES, 0)
    assert (await office.stream.last("billing")).sequence == before
