"""Prints lines and tables for people in which no id, name or amount is ever broken."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from adrelay.terminal.visible import visible

Cell: TypeAlias = str | Text

GAP = "  "
INDENT = 4


class Screen(Console):
    """The console for results. It breaks and cuts no line: `packed` and `Table` break between words."""

    def __init__(self) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, soft_wrap=True)

    @property
    def room(self) -> int | None:
        """The terminal's width in columns; None without a terminal, where lines may have any length."""
        return self.width if self.is_terminal else None

    def say(self, cell: Cell) -> None:
        """Print a line."""
        self.print(as_is(cell))

    def items(self, *items: Cell, indent: int = 0, gap: str = GAP) -> None:
        """Print items in sequence, each unbroken, on as many lines as they need."""
        for line in packed(items, self.room, indent=indent, gap=gap):
            self.print(line)

    def table(self, table: "Table") -> None:
        """Print a table."""
        for line in table.lines(self.room):
            self.print(line)

    def on_broken_pipe(self) -> None:
        """Raise it for `guarded`: a closed pipe is no failure."""
        raise BrokenPipeError


class Table:
    """A table of cells.

    A row that is too wide continues on the next line, indented. Empty columns are left out.
    """

    def __init__(self, *columns: str, title: str = "", right: Sequence[str] = ()) -> None:
        self._title = title
        self._right = [column in right for column in columns]
        self._heads = [Text(column, "dim") for column in columns]
        self._rows: list[list[Text]] = []

    def add(self, *cells: Cell) -> None:
        """Add a row."""
        self._rows.append([as_is(cell) for cell in cells])

    def lines(self, room: int | None) -> Iterator[Text]:
        """Return the lines, none wider than the terminal unless one cell alone is."""
        if self._title:
            yield Text(self._title, "bold")
        rows = [self._heads, *self._rows]
        filled = [number for number in range(len(self._heads)) if any(row[number] for row in self._rows)]
        widths = {number: max(row[number].cell_len for row in rows) for number in filled}
        bands = _bands(widths, room)
        for row in rows:
            for place, band in enumerate(bands):
                line = Text(" " * (INDENT if place else 0))
                for number in band:
                    space = " " * (widths[number] - row[number].cell_len)
                    before, after = (space, "") if self._right[number] else ("", space)
                    line.append(before).append_text(row[number]).append(after + GAP)
                line.rstrip()
                if line or not place:
                    yield line


def _bands(widths: Mapping[int, int], room: int | None) -> list[list[int]]:
    """Return the columns of the first line, then those of the continuation lines."""
    bands: list[list[int]] = [[]]
    used = 0
    for number, width in widths.items():
        if bands[-1] and room is not None and used + len(GAP) + width > room:
            bands.append([])
        used = used + len(GAP) + width if bands[-1] else width + (INDENT if len(bands) > 1 else 0)
        bands[-1].append(number)
    return bands


def packed(items: Sequence[Cell], room: int | None, *, indent: int = 0, gap: str = GAP) -> Iterator[Text]:
    """Return lines of unbroken items; continuation lines are indented."""
    line, empty = Text(" " * indent), True
    for item in items:
        text = as_is(item)
        if not text:
            continue
        if not empty and room is not None and line.cell_len + len(gap) + text.cell_len > room:
            yield line
            line, empty = Text(" " * (indent + INDENT)), True
        line = (line if empty else line.append(gap)).append_text(text)
        empty = False
    if not empty:
        yield line


def fitting(items: Sequence[str], room: int) -> int:
    """Return how many items fit into a width, unbroken and with the gaps between them."""
    used = 0
    for number, item in enumerate(items):
        used += cell_len(item) + (len(GAP) if number else 0)
        if used > room:
            return number
    return len(items)


def as_is(cell: Cell) -> Text:
    """Return a text without control sequences or markup: foreign text must not control the terminal."""
    if isinstance(cell, str):
        return Text(visible(cell))
    if not cell.plain.isprintable():
        cell = cell.copy()
        cell.plain = visible(cell.plain)
    return cell
