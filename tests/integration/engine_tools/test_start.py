"""A service starts with new tables: nothing acts on a read model that is not filled yet."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from contextlib import suppress
from datetime import datetime
from typing import ClassVar

import asyncpg
import httpx
import nats
import pytest
import pytest_asyncio
from fastapi import FastAPI
from pydantic import SecretStr

from adrelay.runtime.ports import free_port
from adrelay.runtime.postgres import EmbeddedPostgres
from libs.chassis.broker import event_stream
from libs.chassis.service import Chassis
from libs.chassis.settings import ServiceSettings
from libs.chassis.store_metrics import XminAge, look
from libs.events.billing import ProductRetired
from libs.events.catalogue import published
from libs.eventsourcing import Decider, Engine, Projection, Relay, Sql, TableSql, UnitOfWork
from libs.eventsourcing.background import Timer
from libs.eventsourcing.model.errors import OutdatedTables
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.engine.meters import turn
from tests.integration.engine.waiting import running
from tests.integration.engine_tools.counting import ME
from tests.support.signing import SIGNER
from tests.support.waiting import until

EVENTS = 3000
PRODUCT = Decider[int, int, ProductRetired](
    "product", lambda times, _: [ProductRetired(code="old-plan")] * times, lambda count, _: (count or 0) + 1
)


class ShelfSettings(ServiceSettings):
    """A service that only reads."""

    service: ClassVar[str] = "shelf"


def retirements(version: int = 1) -> Projection:
    """Return a read model of billing's events."""
    table = Projection("retirements", version=version, ddl="create table retirements (code text)")

    @table.on(ProductRetired)
    async def retired(event: ProductRetired, sql: TableSql) -> None:
        await sql.insert(code=event.code)

    del retired
    return table


@pytest_asyncio.fixture(loop_scope="session")
async def settings(
    database: str, postgres_server: EmbeddedPostgres, nats_url: str, stream_prefix: str
) -> ShelfSettings:
    """Return settings of a service whose stream is full and whose database is empty."""
    billing = await postgres_server.ensure_database(f"{stream_prefix}_billing")
    engine = Engine("billing", billing, published())
    await engine.start(pool_size=2)
    done = await engine.run(lambda unit: unit.execute(PRODUCT, "x", EVENTS), ME)
    client = await nats.connect(nats_url)
    relay = Relay(engine, event_stream(client, prefix=stream_prefix))
    assert done.written is not None
    async with running(relay.run):

        async def relayed() -> bool:
            return done.written is not None and relay.published >= done.written

        await until(relayed)
    await client.close()
    await engine.stop()
    return ShelfSettings(
        postgres_url=SecretStr(database),
        nats_url=SecretStr(nats_url),
        nats_prefix=stream_prefix,
        command_public_key=SIGNER.public_key,
        http_host="127.0.0.1",
        http_port=0,
    )


async def counted(sql: Sql) -> int:
    return int(await sql.fetchval("select count(*) from retirements"))


async def test_timers_and_requests_wait_until_read_models_are_filled(settings: ShelfSettings) -> None:
    seen: list[int] = []

    async def earliest(sql: Sql) -> datetime | None:
        seen.append(await counted(sql))
        return None

    async def take(unit: UnitOfWork) -> int:
        seen.append(await counted(unit.flushed))
        return 0

    app = FastAPI()

    @app.get("/retirements")
    async def retirements_() -> int:
        return await chassis.engine.query(counted)

    settings = settings.model_copy(update={"http_port": free_port()})
    answers: list[tuple[int, object]] = []
    async with Chassis(settings, read_models=[retirements()], app=app) as chassis:
        chassis.tick(Timer("due", chassis.engine, earliest=earliest, take=take))
        service = asyncio.create_task(chassis.run())
        async with httpx.AsyncClient() as http:

            async def asked() -> bool:
                with suppress(httpx.HTTPError, AssertionError, IndexError, AttributeError):
                    answer = await http.get(f"http://127.0.0.1:{settings.http_port}/retirements")
                    answers.append((answer.status_code, answer.json()))
                return bool(seen) and answers[-1:] == [(200, EVENTS)]

            await until(asked)
        chassis.stop()
        await service
    assert set(seen) == {EVENTS}
    assert {answer for answer in answers if answer[0] == 200} == {(200, EVENTS)}


async def test_a_service_ends_when_a_newer_one_has_swapped_its_tables(settings: ShelfSettings) -> None:
    async with Chassis(settings, read_models=[retirements()]) as chassis:
        service = asyncio.create_task(chassis.run())
        await asyncio.wait_for(chassis.read_models.complete(), DEADLINE_SECONDS)
        async with Chassis(settings, read_models=[retirements(2)]) as newer:
            new = asyncio.create_task(newer.run())
            billing = Engine(
                "billing",
                settings.postgres_url.get_secret_value().replace(
                    settings.database_url.rpartition("/")[2], f"{settings.nats_prefix}_billing"
                ),
                published(),
            )
            await billing.start(pool_size=2)
            async with running(Relay(billing, chassis.stream).run):

                async def ended() -> bool:
                    await billing.run(lambda unit: unit.execute(PRODUCT, "y", 1), ME)
                    return service.done()

                await until(ended)
            with pytest.raises(OutdatedTables):
                await service
            await billing.stop()
            newer.stop()
            await new


async def test_an_open_transaction_is_seen_growing_old(engine: Engine) -> None:
    age = XminAge()
    other: asyncpg.Connection[asyncpg.Record] = await engine.connect()
    begun = other.transaction()
    await begun.start()
    own: int = await other.fetchval("select pg_current_xact_id()::text::bigint")
    await engine.run(turn("a"), ME)

    async def open_ones() -> tuple[int, int]:
        row = await engine.query(
            lambda sql: sql.fetchrow(
                "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as oldest, "
                "pg_snapshot_xmax(pg_current_snapshot())::text::bigint as following"
            )
        )
        assert row is not None
        return row["oldest"], row["following"]

    await until(open_ones, lambda found: found[0] == own)  # others on this server may have older ones
    ages = [age.seen(*await open_ones(), at) for at in (100.0, 107.0)]
    assert ages == [0.0, 7.0]
    await engine.query(lambda sql: look(sql, age, "meters"))
    await begun.rollback()
    await other.close()
