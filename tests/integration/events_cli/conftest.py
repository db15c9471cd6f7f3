"""Five stores, their relays and one scenario, shared by all tests of this folder."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import nats
import pytest_asyncio

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.system import SERVICES
from libs.chassis.broker import event_stream
from libs.chassis.names import APPLICATION
from libs.events.catalogue import published
from libs.eventsourcing import Engine, EventStream, Relay
from services.billing.order.tables import ORDERS
from tests.integration.engine.waiting import running
from tests.integration.events_cli.scenario import Scenario
from tests.support.databases import ENGINE, new_database
from tests.support.waiting import until


@dataclass
class EventsHarness:
    """The stores, the stream, and the environment of the tools."""

    settings: dict[str, str]
    databases: dict[str, str]
    engines: dict[str, Engine]
    stream: EventStream
    scenario: Scenario

    async def relayed(self) -> None:
        """Wait until the stream has all events of the stores."""

        async def everything() -> bool:
            for name, engine in self.engines.items():
                row = await engine.query(
                    lambda sql: sql.fetchrow(
                        "select xid::text as xid, position from engine.events "
                        "order by events.xid desc, position desc limit 1"
                    )
                )
                if row is not None and str((await self.stream.last(name)).cursor) != (
                    f"{row['xid']}.{row['position']}"
                ):
                    return False
            return True

        await until(everything)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def harness(
    postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats
) -> AsyncIterator[EventsHarness]:
    """Yield a harness in which the scenario was run; tests add events and delete none."""
    tag = uuid4().hex[:8]
    databases = {name: await new_database(postgres_server, ENGINE, f"ev{tag}_{name}") for name in SERVICES}
    settings = {f"ADRELAY_{name.upper()}_POSTGRES_URL": url for name, url in databases.items()}
    settings |= {"ADRELAY_NATS_URL": nats_server.url, "ADRELAY_NATS_PREFIX": f"ev{tag}"}
    client = await nats.connect(nats_server.url)
    stream = event_stream(client, prefix=f"ev{tag}")
    await stream.ensure()
    engines = {
        name: Engine(
            name,
            url,
            published(),
            state_tables=[ORDERS] if name == "billing" else [],
            application=APPLICATION,
        )
        for name, url in databases.items()
    }
    async with AsyncExitStack() as stack:
        for engine in engines.values():
            await engine.start(pool_size=3)
            stack.push_async_callback(engine.stop)
        await stack.enter_async_context(running(*(Relay(one, stream).run for one in engines.values())))
        harness = EventsHarness(settings, databases, engines, stream, Scenario(engines))
        await harness.scenario.run()
        await harness.relayed()
        yield harness
    await client.jetstream().delete_stream(stream.name)
    await client.close()
    for name in SERVICES:
        await postgres_server.drop_database(f"ev{tag}_{name}")
