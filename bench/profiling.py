"""Profiles: the functions with the most own time."""

import asyncio
import cProfile
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from pstats import Stats
from typing import cast

FUNCTIONS = 15
_ROOT = f"{Path(__file__).parents[1]}/"
Function = tuple[str, int, str]
Costs = tuple[int, int, float, float, object]


@contextmanager
def profiled(what: str, *, wanted: bool) -> Generator[None]:
    """Print the functions with the most own time inside, if requested."""
    if not wanted:
        yield
        return
    profile = cProfile.Profile()
    profile.enable()
    try:
        yield
    finally:
        profile.disable()
        print(f"\n{what}, by own time (being watched makes it slower)")
        print("\n".join(top(profile)))


def top(profile: cProfile.Profile) -> list[str]:
    """Return the functions with most own time, a line each."""
    known = cast("dict[Function, Costs]", vars(Stats(profile))["stats"])
    total = sum(costs[2] for costs in known.values()) or 1.0
    ranked = sorted(known.items(), key=lambda item: -item[1][2])[:FUNCTIONS]
    lines = [f"{'own':>9} {'share':>6} {'with calls':>10} {'calls':>9}  function ({total:.3f} s in all)"]
    for function, (_, calls, own, inside, _) in ranked:
        lines.append(f"{own:8.3f}s {own / total:6.1%} {inside:9.3f}s {calls:9,}  {_name(function)}")
    return lines


def _name(function: Function) -> str:
    file, line, name = function
    if file == "~":  # written in C; waiting is counted as epoll's
        return name
    place = file.removeprefix(_ROOT).rpartition("site-packages/")[2].rpartition("lib/python3")[2]
    return f"{name}  {place}:{line}"


async def imports(command: list[str], settings: Mapping[str, str]) -> None:
    """Print the modules with the slowest imports of their own."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-X",
        "importtime",
        *command,
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    rows: list[tuple[int, int, str]] = []
    for line in errors.decode().splitlines():
        own, _, rest = line.removeprefix("import time:").partition("|")
        inside, _, module = rest.partition("|")
        if own.strip().isdigit():
            rows.append((int(own), int(inside), module.strip()))
    total = sum(row[0] for row in rows) / 1e6
    print(f"\nimports of {' '.join(command)}, by own time: {len(rows)} in {total:.3f} s")
    for alone, nested, module in sorted(rows, reverse=True)[:FUNCTIONS]:
        print(f"{alone / 1e6:8.3f}s {nested / 1e6:9.3f}s with its own imports  {module}")
