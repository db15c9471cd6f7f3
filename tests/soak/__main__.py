"""`python -m tests.soak`: a run of any length."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from tests.soak.load import Size
from tests.soak.run import run


def main() -> int:
    """Run, and print the report; return 0 if every invariant held."""
    default = Size()
    parser = argparse.ArgumentParser(
        prog="soak",
        description="Run many sessions and groups under faults that come and go, and check invariants.",
    )
    parser.add_argument("--minutes", type=float, default=30, help="For how long there are faults.")
    parser.add_argument("--seed", type=int, default=1, help="The seed of the faults.")
    parser.add_argument("--adbots", type=int, default=default.adbots)
    parser.add_argument("--seats", type=int, default=default.seats, help="The sessions of each adbot.")
    parser.add_argument("--groups", type=int, default=default.groups, help="The groups of each adbot.")
    parser.add_argument("--keep", type=Path, default=None, help="Keep databases and logs in this folder.")
    arguments = parser.parse_args()
    size = Size(arguments.adbots, arguments.seats, arguments.groups)
    report = asyncio.run(
        run(arguments.minutes, seed=arguments.seed, size=size, folder=arguments.keep, log=_print)
    )
    _print(str(report))
    if not report.breaches and arguments.keep is None:
        shutil.rmtree(report.folder, ignore_errors=True)
    return 1 if report.breaches else 0


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
