"""Relaying whole stores to the stream."""

import asyncio
import time

from libs.eventsourcing import Engine, EventStream, Relay
from libs.eventsourcing.values import Cursor


async def last_of(engine: Engine) -> Cursor:
    """Return the cursor of a store's last event."""
    last = await engine.pool.fetchrow(
        "select xid::text as xid, position from engine.events order by events.xid desc, position desc limit 1"
    )
    assert last is not None
    return Cursor(int(last["xid"]), last["position"])


async def relayed(engine: Engine, stream: EventStream) -> float:
    """Return the seconds until the stream had all events of the store."""
    relay, end = Relay(engine, stream), await last_of(engine)
    begin = time.perf_counter()
    running = asyncio.create_task(relay.run())
    while relay.published < end:  # noqa: ASYNC110 - the relay tells nobody but its property
        await asyncio.sleep(0.01)
    seconds = time.perf_counter() - begin
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    return seconds
