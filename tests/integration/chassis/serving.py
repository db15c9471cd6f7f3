"""Answers the made-up service's commands, without the rest of the chassis."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from libs.chassis.commands import answering_broker, start_answering, subscribe
from libs.eventsourcing import Engine
from tests.integration.chassis.shop import handlers
from tests.support.signing import VERIFIER


@asynccontextmanager
async def serving(url: str, engine: Engine, prefix: str) -> AsyncGenerator[None]:
    broker = answering_broker(url, service="shop")
    subscribe(handlers(), broker, engine, VERIFIER, prefix=prefix)
    await start_answering(broker)
    try:
        yield
    finally:
        await broker.stop()


async def events(engine: Engine) -> list[Any]:
    return await engine.query(
        lambda sql: sql.fetch(
            "select stream, xid::text::bigint as xid, position, correlation_id, causation_id, actor "
            "from engine.events order by position"
        )
    )
