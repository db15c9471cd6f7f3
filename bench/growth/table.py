"""The table of what grows: a row for each measure, a column for each size of history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.measure import machine

BEGIN, END = "<!-- growth: the last run -->", "<!-- growth: end -->"
_KIBI = 1024


class Unit(StrEnum):
    """What a value counts."""

    SECONDS = "s"
    BYTES = "bytes"
    RATE = "per second"


@dataclass(frozen=True)
class Value:
    """A measured value for one size of history, and that of a limit in the same run, if there is one."""

    unit: Unit
    ours: float
    limit: float | None = None
    limit_is: str = ""

    def text(self) -> str:
        """Return the value for people."""
        match self.unit:
            case Unit.SECONDS if self.ours < 10:
                return f"{self.ours * 1000:,.1f} ms" if self.ours < 0.1 else f"{self.ours * 1000:,.0f} ms"
            case Unit.SECONDS:
                return f"{self.ours:,.0f} s"
            case Unit.RATE:
                return f"{self.ours:,.0f}/s"
            case Unit.BYTES if self.ours >= _KIBI**3:
                return f"{self.ours / _KIBI**3:,.1f} GiB"
            case Unit.BYTES:
                return f"{self.ours / _KIBI**2:,.0f} MiB"

    def compared(self) -> str:
        """Return the value with its ratio to the limit."""
        if not self.limit:
            return self.text()
        ratio = self.ours / self.limit
        return f"{self.text()} ({ratio:.0%})" if self.unit is Unit.RATE else f"{self.text()} ({ratio:.1f} x)"


Column = Mapping[str, Value]
"""The values of one size of history, by measure."""


def rows(columns: Mapping[int, Column]) -> list[list[str]]:
    """Return the table with its headings; the last size is compared with the first one."""
    sizes = sorted(columns)
    first, last = columns[sizes[0]], columns[sizes[-1]]
    headings = ["what", *(f"{size:,} events" for size in sizes), "last / first", "limit"]
    return [
        headings,
        *(
            [
                what,
                *(columns[size][what].compared() if what in columns[size] else "-" for size in sizes),
                f"{value.ours / first[what].ours:.2f}" if what in first else "-",
                value.limit_is or "-",
            ]
            for what, value in last.items()
        ),
    ]


def show(title: str, table: Sequence[Sequence[str]]) -> None:
    """Print a table."""
    shown = Table(title=title)
    for heading in table[0]:
        shown.add_column(heading)
    for row in table[1:]:
        shown.add_row(*row)
    Console(width=190).print(shown)


def markdown(table: Sequence[Sequence[str]]) -> str:
    """Return a table as Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in table]
    lines.insert(1, "|" + " --- |" * len(table[0]))
    return "\n".join(lines)


def write(readme: Path, texts: Sequence[str]) -> None:
    """Replace what stands between the markers of a file."""
    head, begin, rest = readme.read_text().partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{readme} lacks the markers {BEGIN} and {END}")
    readme.write_text(f"{head}{BEGIN}\n\n" + "\n\n".join([*texts, machine()]) + f"\n\n{END}{tail}")
