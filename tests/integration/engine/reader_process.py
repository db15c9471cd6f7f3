"""A process that slowly echoes the turns of all meters, until it is killed."""

import asyncio
import os

from libs.chassis.broker import connect_nats
from libs.eventsourcing import Engine, EventStream, Reader
from tests.integration.engine.meters import CATALOGUE, echoes_table, echoing, meters_table


async def main() -> None:
    """Run the reader."""
    engine = Engine(
        "meters", os.environ["TEST_DATABASE"], CATALOGUE, state_tables=[meters_table(), echoes_table()]
    )
    await engine.start()
    stream = EventStream(
        await connect_nats(os.environ["TEST_NATS"], "reader"), prefix=os.environ["TEST_PREFIX"]
    )
    await Reader("echo", engine, stream, reactions=echoing(pause=0.003), batch=20).run()


if __name__ == "__main__":
    asyncio.run(main())
