"""A process that slowly echoes the turns of all meters, or so many of them, until it is killed."""

import asyncio
import os

from libs.chassis.broker import connect_nats
from libs.eventsourcing import Engine, EventStream, Reactions, Reader, UnitOfWork
from tests.integration.engine.meters import CATALOGUE, MeterTurned, echoes_table, echoing, meters_table


def echoing_so_many(turns: float) -> Reactions:
    """Return the reaction that echoes turns slowly; behind so many of them it waits for ever."""
    reactions, left = echoing(pause=0.003), turns

    @reactions.to(MeterTurned)
    async def count(event: MeterTurned, unit: UnitOfWork) -> None:
        nonlocal left
        del event, unit
        left -= 1
        if left < 0:
            await asyncio.Event().wait()

    del count
    return reactions


async def main() -> None:
    """Run the reader."""
    engine = Engine(
        "meters", os.environ["TEST_DATABASE"], CATALOGUE, state_tables=[meters_table(), echoes_table()]
    )
    await engine.start()
    stream = EventStream(
        await connect_nats(os.environ["TEST_NATS"], "reader"), prefix=os.environ["TEST_PREFIX"]
    )
    reactions = echoing_so_many(float(os.environ.get("TEST_TURNS", "inf")))
    await Reader("echo", engine, stream, reactions=reactions, batch=20).run()


if __name__ == "__main__":
    asyncio.run(main())
