"""Runs a tool for operators several times in one process that has imported everything.

`python -m bench.inside TIMES ARGUMENT...` prints the seconds of each `adrelay events ARGUMENT...`; with
`--profile` before the arguments, its profile.
"""

import gc
import io
import sys
import time
from contextlib import redirect_stdout

import typer

from adrelay.commands.events.group import events
from bench.measure import TRIES_SECONDS
from bench.profiling import profiled


def run(tool: typer.Typer, arguments: list[str]) -> float:
    """Return the tool's duration in seconds."""
    with redirect_stdout(io.StringIO()):
        begin = time.perf_counter()
        code = tool(arguments, prog_name="adrelay events", standalone_mode=False)
        seconds = time.perf_counter() - begin
    if code:
        sys.exit(f"adrelay events {' '.join(arguments)} ended with {code}")
    return seconds


def main() -> None:
    """Measure, or print the profile."""
    times, *arguments = sys.argv[1:]
    tool = events
    if arguments[0] == "--profile":
        with profiled(f"adrelay events {' '.join(arguments[1:])}, inside", wanted=True):
            run(tool, arguments[1:])
        return
    seconds: list[float] = []
    while len(seconds) <= int(times) and sum(seconds) < TRIES_SECONDS:
        seconds.append(run(tool, arguments))
        gc.enable()  # a tool may have disabled it, because it ends soon
        gc.collect()
    print(*(seconds[1:] or seconds))  # the first run only warms up


if __name__ == "__main__":
    main()
