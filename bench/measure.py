"""Measurements, and the table that shows them: ratios first."""

import platform
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Measure:
    """How often a second we do something, beside a limit (nothing could be quicker) and a peer."""

    what: str
    ours: float
    limit: float
    limit_is: str
    target: float
    """The share of the limit that is asked for; 0 where only an absolute number is."""
    at_least: float = 0.0
    """Per second."""
    peer: float | None = None
    peer_is: str = ""

    @property
    def ratio(self) -> float:
        """Ours as a share of the limit."""
        return self.ours / self.limit if self.limit else 0.0

    @property
    def met(self) -> bool:
        """Whether the target is met, by share or by number."""
        return self.ratio >= self.target if self.target else self.ours >= self.at_least

    def cells(self) -> list[str]:
        """Return the row of the table."""
        peer = f"{self.ours / self.peer:.1f} x {self.peer_is}" if self.peer else "-"
        target = f"{self.target:.0%}" if self.target else f"{self.at_least:,.0f}/s"
        return [
            self.what,
            f"{self.ratio:.0%} of {self.limit_is}",
            peer,
            target,
            "yes" if self.met else "NO",
            f"{self.ours:,.0f}/s",
            f"{self.limit:,.0f}/s",
            f"{self.peer:,.0f}/s" if self.peer else "-",
        ]


HEADINGS = ["what", "of the limit", "to the peer", "target", "met", "ours", "limit", "peer"]


def show(measures: list[Measure]) -> None:
    """Print the table."""
    table = Table()
    for heading in HEADINGS:
        table.add_column(heading)
    for measure in measures:
        table.add_row(*measure.cells())
    console = Console(width=170)
    console.print(table)
    console.print(machine())


def markdown(measures: list[Measure]) -> str:
    """Return the table as Markdown."""
    lines = ["| " + " | ".join(HEADINGS) + " |", "|" + " --- |" * len(HEADINGS)]
    lines += ["| " + " | ".join(measure.cells()) + " |" for measure in measures]
    return "\n".join([*lines, "", machine()])


def machine() -> str:
    """Describe the machine."""
    cpus = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    model = cpus[0].partition(":")[2].strip() if cpus else platform.processor()
    return f"{len(cpus)} x {model}, Python {platform.python_version()}, servers on the same machine."
