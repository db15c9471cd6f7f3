"""`python -m bench [append] [stream] [rebuild] [command]`: measure each beside its limit and peer."""

import asyncio
import sys
from pathlib import Path

from bench.appending import appending
from bench.commanding import commanding
from bench.measure import Measure, markdown, show
from bench.rebuilding import rebuilding
from bench.servers import servers
from bench.streaming import streaming

SECONDS = 4.0
EVENTS = 50_000
TABLE = "<!-- the last run -->"


async def main(wanted: set[str]) -> None:
    """Run what is wanted, all if nothing is named; a full run is noted in bench/README.md."""
    measures: list[Measure] = []
    async with servers() as running:
        if not wanted or "append" in wanted:
            measures += await appending(running, SECONDS)
        if not wanted or "stream" in wanted:
            measures += await streaming(running, EVENTS)
        if not wanted or "rebuild" in wanted:
            measures += await rebuilding(running, 2 * EVENTS)
        if not wanted or "command" in wanted:
            measures += await commanding(running, SECONDS)
    show(measures)
    if not wanted:
        readme = Path(__file__).with_name("README.md")
        head = readme.read_text().partition(TABLE)[0]
        readme.write_text(f"{head}{TABLE}\n\n{markdown(measures)}\n")


if __name__ == "__main__":
    asyncio.run(main(set(sys.argv[1:])))
