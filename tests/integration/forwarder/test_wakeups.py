"""What wakes workers: events that queue sends, and no others."""

import asyncio

from libs.chassis.broker import connect_nats
from libs.eventsourcing import Engine
from services.forwarder.adapters.wakeups import Wakeups
from tests.integration.forwarder.harness import ForwarderHarness
from tests.support.waiting import until


async def test_a_cycle_wakes_workers_when_it_starts_and_not_by_its_records(
    harness: ForwarderHarness, engine: Engine, nats_url: str, stream_prefix: str
) -> None:
    nats = await connect_nats(nats_url, "test")
    wakeups = Wakeups(nats, stream_prefix)
    engine.on_commit(wakeups.committed)
    woken: list[str] = []
    loops = [
        asyncio.create_task(wakeups.keep_listening(lambda: woken.append("worker"))),
        asyncio.create_task(wakeups.keep_sending()),
    ]
    await nats.flush()
    seats = await harness.seats(1)
    async with harness.working(batch_size=1, batch_seconds=0.0):
        for count in (1, 2):
            cycle = await harness.begin(seats, harness.groups(3, seats))
            await harness.finished(cycle)

            async def was_woken(times: int = count) -> bool:
                return len(woken) >= times

            await until(was_woken)
            await nats.flush()
            assert len(woken) == count
    for loop in loops:
        loop.cancel()
    await asyncio.gather(*loops, return_exceptions=True)
    await nats.close()
