"""Prints the fields of one thing."""

from collections.abc import Mapping, Sequence

from rich.text import Text

from adrelay.terminal.outcome import screen
from adrelay.terminal.screen import Cell, as_is


def print_facts(facts: Mapping[str, Sequence[Cell | None]]) -> None:
    """Print fields, a name and its values on a line; unknown ones are left out."""
    console, widest = screen(), max(map(len, facts)) + 2
    for name, values in facts.items():
        known = [value for value in values if value]
        if known:
            first = Text.assemble((f"{name:<{widest}}", "dim"), as_is(known[0]))
            console.items(first, *known[1:])
