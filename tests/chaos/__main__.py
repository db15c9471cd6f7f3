"""`python -m tests.chaos`: a run with any number of faults and any seed."""

import argparse
import asyncio
import shutil
import sys
from pathlib import Path

from tests.chaos.run import run
from tests.chaos.schedule import Kind


def main() -> int:
    """Run, and print the report; return 0 if every invariant held."""
    parser = argparse.ArgumentParser(
        prog="chaos", description="Inject faults into a loaded system, and check its invariants."
    )
    parser.add_argument("--faults", type=int, default=40, help="The number of faults.")
    parser.add_argument("--seed", type=int, default=1, help="The seed of the schedule.")
    parser.add_argument("--clients", type=int, default=5, help="The number of clients with adbots.")
    parser.add_argument("--keep", type=Path, default=None, help="Keep databases and logs in this folder.")
    parser.add_argument("--pace", type=float, default=1.0, help="A factor for the pauses between faults.")
    parser.add_argument("--no-disks", action="store_true", help="Do not fill the servers' disks.")
    parser.add_argument("--together", action="store_true", help="Run all services in one process.")
    parser.add_argument(
        "--only",
        action="append",
        type=lambda name: Kind[name.upper()],
        default=[],
        metavar="KIND",
        help=f"Only faults of this kind; may be repeated: {', '.join(kind.name.lower() for kind in Kind)}.",
    )
    arguments = parser.parse_args()
    report = asyncio.run(
        run(
            arguments.seed,
            arguments.faults,
            folder=arguments.keep,
            clients=arguments.clients,
            disks=not arguments.no_disks,
            only=arguments.only,
            pace=arguments.pace,
            together=arguments.together,
            log=_print,
        )
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
