"""The demo's output: steps, a live table of groups, the evidence at the end."""

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from adrelay.demo.evidence import GroupEvidence
from adrelay.demo.incidents import Finding
from adrelay.demo.rest import Json
from adrelay.demo.steps import cycles_in
from libs.events.values import ResultClass


class DemoOutput:
    """The demo's output for people; without a terminal it is printed without live updates."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._began = time.monotonic()

    @contextmanager
    def step(self, text: str) -> Generator["Notes"]:
        """Show a step while it runs, and then its duration with the notes made meanwhile."""
        notes = Notes()
        begin = time.monotonic()
        with self.console.status(text):
            yield notes
        took = time.monotonic() - begin
        line = Text.assemble(("✓ ", "green"), text, (f"  {took:.1f} s", "dim"))
        self.console.print(line, soft_wrap=True)
        for note in notes.lines:
            self.console.print(Text(f"    {note}", style="dim"), soft_wrap=True)

    @contextmanager
    def live(self) -> Generator["Board"]:
        """Show the table of groups while cycles run."""
        board = Board()
        if not self.console.is_terminal:
            yield board
            self.console.print(board.table())
            return
        with Live(board.table(), console=self.console, refresh_per_second=8) as live:
            board.on_change = lambda: live.update(board.table())
            yield board

    def findings(self, found: Sequence[Finding]) -> None:
        """Show what went wrong, and what followed."""
        if not found:
            return
        table = Table(
            title="What went wrong meanwhile, and what followed", title_justify="left", show_lines=True
        )
        for heading in ("what", "what followed", ""):
            table.add_column(heading)
        for one in found:
            verdict = Text(f"✗ {one.problem}", style="red") if one.problem else Text("✓", style="green")
            table.add_row(one.what, one.followed, verdict)
        self.console.print(table)

    def evidence(self, found: Sequence[GroupEvidence]) -> None:
        """Show the groups' messages according to the Telegram sandbox."""
        table = Table(title="Read back from the Telegram sandbox", title_justify="left")
        for heading in ("group", "messages held", "cycles", "held once per cycle", "not reached, and why"):
            table.add_column(heading)
        for one in found:
            verdict = Text(f"✗ {one.problem}", style="red") if one.problem else Text("✓", style="green")
            table.add_row(
                one.group, ", ".join(map(str, one.held)), str(len(one.cycles)), verdict, "\n".join(one.missed)
            )
        self.console.print(table)

    def pages(self, site: str, access_code: str) -> None:
        """Show the link that signs a browser in."""
        self.console.print(f"[bold]Open[/bold] {site}/sign-in#code={access_code}", soft_wrap=True)
        self.console.print("[dim]Ctrl-C stops everything.[/dim]")

    @property
    def seconds(self) -> float:
        """The seconds since the demo began."""
        return time.monotonic() - self._began


class Notes:
    """The lines below a step."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Add a line."""
        self.lines.append(line)


class Board:
    """A table of groups by cycles with the outcome of each."""

    def __init__(self) -> None:
        self.groups: list[str] = []
        self.lines: Sequence[Json] = ()
        self.on_change = _nothing

    def show(self, lines: Sequence[Json]) -> None:
        """Show a newer state of the outcomes."""
        self.lines = lines
        self.on_change()

    def table(self) -> Table:
        """Return the current table."""
        cycles = cycles_in(self.lines)
        table = Table(title=f"Deliveries ({len(self.lines)})", title_justify="left")
        table.add_column("group")
        for number in range(1, len(cycles) + 1):
            table.add_column(f"cycle {number}")
        by_place = {(line["group"], line["cycle"]): line for line in self.lines}
        for group in self.groups:
            table.add_row(group, *(_cell(by_place.get((group, cycle))) for cycle in cycles))
        return table


def _nothing() -> None:
    """Ignore a note."""


def _cell(line: Json | None) -> Text:
    if line is None:
        return Text("…", style="dim")
    if line["messages"]:
        return Text(f"✓ #{','.join(map(str, line['messages']))} {line['session']}", style="green")
    if line["result"] in {ResultClass.LEFT_OUT, ResultClass.STOPPED}:  # nobody refused
        return Text(f"· {line['result']} {line['error']}".rstrip(), style="dim")
    return Text(f"✗ {line['result']} {line['error']}", style="red")
