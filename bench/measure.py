"""Measurements and their table, ratios first."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Protocol

from rich.console import Console
from rich.table import Table

HEADINGS = ["what", "of the limit", "to the peer", "target", "met", "ours", "limit", "peer"]


TRIES = 5
TRIES_SECONDS = 5.0
"""The total duration after which a measurement is not repeated again."""


class Line(Protocol):
    """A row of the results."""

    def cells(self) -> list[str]:
        """Return the cells by column."""
        ...


@dataclass(frozen=True)
class Found:
    """A finding without a limit, a peer or a target."""

    what: str
    found: str

    def cells(self) -> list[str]:
        """Return the row of the table."""
        return [self.what, "-", "-", "-", "-", self.found, "-", "-"]


@dataclass(frozen=True)
class Measure:
    """A rate per second, compared with the rate of a limit, which can't be exceeded, and of a peer."""

    what: str
    ours: float
    limit: float
    limit_is: str
    target: float = 0.0
    """The target as a share of the limit; 0 if the target is absolute."""
    at_least: float = 0.0
    """The target per second; 0 without one."""
    peer: float | None = None
    peer_is: str = ""

    @property
    def ratio(self) -> float:
        """The measured share of the limit."""
        return self.ours / self.limit if self.limit else 0.0

    @property
    def met(self) -> bool:
        """The target is met, by share or by number."""
        return self.ratio >= self.target if self.target else self.ours >= self.at_least

    def cells(self) -> list[str]:
        """Return the row of the table."""
        peer = f"{self.ours / self.peer:.1f} x {self.peer_is}" if self.peer else "-"
        wanted = [f"{self.target:.0%}"] if self.target else []
        wanted += [f"{self.at_least:,.0f}/s"] if self.at_least else []
        return [
            self.what,
            f"{self.ratio:.0%} of {self.limit_is}",
            peer,
            " or ".join(wanted) or "-",
            ("yes" if self.met else "NO") if wanted else "-",
            f"{self.ours:,.0f}/s",
            f"{self.limit:,.0f}/s",
            f"{self.peer:,.0f}/s" if self.peer else "-",
        ]


@dataclass(frozen=True)
class Duration:
    """Durations in seconds, one per repetition, compared with those of a limit."""

    what: str
    ours: Sequence[float]
    limit: Sequence[float]
    limit_is: str
    at_most: float | None = 1.0
    """The target; None without one."""

    def cells(self) -> list[str]:
        """Return the row of the table, with the median of the repetitions."""
        ours, limit = median(self.ours), median(self.limit)
        target, met = "-", "-"
        if self.at_most is not None:
            target, met = f"< {self.at_most:g} s", "yes" if ours < self.at_most else "NO"
        return [
            self.what,
            f"{ours / limit:.1f} x {self.limit_is}",
            "-",
            target,
            met,
            f"{ours * 1000:,.0f} ms",
            f"{limit * 1000:,.0f} ms",
            "-",
        ]


def show(lines: Sequence[Line]) -> None:
    """Print the table."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading)
    for line in lines:
        table.add_row(*line.cells())
    console = Console(width=190)
    console.print(table)
    console.print(machine())


def markdown(lines: Sequence[Line]) -> str:
    """Return the table as Markdown."""
    rows = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    rows += ["| " + " | ".join(line.cells()) + " |" for line in lines]
    return "\n".join([*rows, "", machine()])


def machine() -> str:
    """Describe the machine."""
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = cpus[0].partition(":")[2].strip() if cpus else platform.processor()
    memory = Path("/proc/meminfo").read_text().split()[1]
    return (
        f"{len(cpus)} x {model}, {int(memory) / 2**20:.0f} GiB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, servers on the same machine."
    )
