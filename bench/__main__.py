"""`python -m bench [NAME...]`: run benchmarks, each compared with its limit and peer."""

import argparse
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import structlog
import uvloop

from bench.appending import appending
from bench.commanding import commanding
from bench.first_sends import first_sends
from bench.forwarding import forwarding
from bench.growth.run import SIZES, growth
from bench.growth.streams import growing
from bench.idle_sessions import idle_sessions
from bench.listeners import listeners
from bench.listing import listing
from bench.measure import Line, markdown, show
from bench.operating import operating
from bench.paying import SHORT, Load, paying, sustained
from bench.rebuilding import rebuilding
from bench.resting import Stopped, resting
from bench.scheduling import scheduling
from bench.servers import Servers, servers
from bench.streaming import streaming

SECONDS = 4.0
EVENTS = 50_000
STORED = 1_000_000
TABLE = "<!-- the last run -->"
BENCHES: dict[str, Callable[[Servers], Awaitable[list[Line]]]] = {
    "append": lambda running: appending(running, SECONDS),
    "stream": lambda running: streaming(running, EVENTS),
    "rebuild": lambda running: rebuilding(running, 2 * EVENTS),
    "command": lambda running: commanding(running, SECONDS),
    "operate": lambda running: operating(running, STORED),
    "growth-short": growing,
    "pay": sustained,
}
BRIEFLY: dict[str, Callable[[Servers], Awaitable[list[Line]]]] = {
    "forward": forwarding,
    "schedule": scheduling,
    "first-sends": first_sends,
    "idle-sessions": idle_sessions,
    "lists": listing,
    "listeners": listeners,
    "pay-short": lambda running: paying(running, SHORT),
}
"""Benchmarks that are not part of a full run."""
GROWTH = "growth"
"""A benchmark with servers and a table of its own, not part of a full run either."""
REST = "rest"
"""A benchmark that runs `adrelay up` with servers of its own, likewise."""


async def main(
    wanted: list[str], *, watching: bool, rate: int | None, sizes: Sequence[int], stopped: Stopped
) -> None:
    """Run the named benchmarks, or all; the results of a full run are written to bench/README.md."""
    lines: list[Line] = []
    benches = BENCHES | BRIEFLY
    if rate is not None:
        benches["pay"] = lambda running: paying(running, Load(rate=rate))
    begin = time.perf_counter()
    alone = {GROWTH: lambda: growth(sizes), REST: lambda: _rest(stopped)}
    for name in [one for one in wanted if one in alone]:
        await alone[name]()
        print(f"{name}: done after {time.perf_counter() - begin:.0f} s")
    if wanted and not (wanted := [one for one in wanted if one not in alone]):
        return
    async with servers(watching=watching) as running:
        for name in wanted or BENCHES:
            lines += await benches[name](running)
            print(f"{name}: done after {time.perf_counter() - begin:.0f} s")
    show(lines)
    if not wanted and not watching and rate is None:
        readme = Path(__file__).with_name("README.md")
        head = readme.read_text().partition(TABLE)[0]
        readme.write_text(f"{head}{TABLE}\n\n{markdown(lines)}\n")


async def _rest(stopped: Stopped) -> None:
    show(await resting(stopped))


def run() -> None:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "name",
        nargs="*",
        choices=[[], *BENCHES, *BRIEFLY, GROWTH, REST],
        help="default: all, with the results in README.md",
    )
    parser.add_argument("--profile", action="store_true", help="print profiles; writes no results")
    parser.add_argument(
        "--rate", type=int, help="payments per second for `pay`, instead of 50 or what is sustained"
    )
    parser.add_argument(
        "--events",
        type=lambda text: tuple(int(size) for size in text.split(",")),
        default=SIZES,
        help="the numbers of events for `growth`, such as 1000000,10000000",
    )
    parser.add_argument("--adbots", type=int, default=0, help="the number of stopped adbots for `rest`")
    parser.add_argument(
        "--up",
        action="append",
        default=[],
        help="an argument of `adrelay up` for `rest`, such as --up=--together",
    )
    asked = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stopped = Stopped(asked.adbots, asked.up)
    uvloop.run(main(asked.name, watching=asked.profile, rate=asked.rate, sizes=asked.events, stopped=stopped))


if __name__ == "__main__":
    run()
