"""`python -m tests.chaos`: any number of faults, from any seed."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.schedule import Kind


def main() -> int:
    """Return 0 if every invariant held."""
    parser = argparse.ArgumentParser(prog="chaos", description="Break a loaded system, and see what holds.")
    parser.add_argument("--faults", type=int, default=40, help="How many faults strike.")
    parser.add_argument("--seed", type=int, default=1, help="Which schedule they follow.")
    parser.add_argument("--clients", type=int, default=5, help="How many clients run adbots meanwhile.")
    parser.add_argument("--keep", type=Path, default=None, help="Keep databases and logs in this folder.")
    parser.add_argument("--pace", type=float, default=1.0, help="Stretches the pauses between faults.")
    parser.add_argument("--no-disks", action="store_true", help="Leave the servers' disks alone.")
    parser.add_argument(
        "--only",
        action="append",
        type=lambda name: Kind[name.upper()],
        default=[],
        metavar="KIND",
        help=f"Only faults of this kind; may be repeated: {', '.join(kind.name.lower() for kind in Kind)}.",
    )
    told = parser.parse_args()
    report = asyncio.run(
        run(
            told.seed,
            told.faults,
            folder=told.keep,
            clients=told.clients,
            disks=not told.no_disks,
            only=told.only,
            pace=told.pace,
            tell=_say,
        )
    )
    _say(str(report))
    if not report.breaches and told.keep is None:
        shutil.rmtree(report.folder, ignore_errors=True)
    return 1 if report.breaches else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
