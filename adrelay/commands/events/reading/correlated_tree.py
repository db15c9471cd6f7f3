"""Read and render correlated trees: the events with one correlation id, over all services, by cause."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from adrelay.commands.events.reading.shortening import SHOWN, LeftOut, Line, shortened
from adrelay.servers.stores import stores
from adrelay.terminal.moments import duration
from adrelay.terminal.screen import packed
from libs.eventsourcing.operations import (
    Connection,
    Node,
    begin_of,
    correlation_of_stream,
    events_of_trees,
    linked,
)

_DEEPEST = 24
"""The depth from which the drawing is not indented further."""


async def correlation_of(database: str, stream: str) -> UUID | None:
    """Return the correlation id of a stream's first event, None for an unknown stream."""
    async with stores({"store": database}) as connections:
        return await correlation_of_stream(connections["store"], stream)


async def trace(databases: Mapping[str, str], correlation_id: UUID) -> list[Node]:
    """Return the roots of a correlated tree, oldest first; `databases` are the services' stores by name."""
    async with stores(databases) as connections:
        return await read_trees(connections, [correlation_id])


async def read_trees(connections: Mapping[str, Connection], correlation_ids: Sequence[UUID]) -> list[Node]:
    """Return the roots of correlated trees, oldest first, without the events' data."""
    found = await asyncio.gather(
        *(events_of_trees(connection, correlation_ids) for connection in connections.values())
    )
    return linked(
        Node(service, event) for service, events in zip(connections, found, strict=True) for event in events
    )


@dataclass(frozen=True)
class Tree:
    """A title and a tree for rich, with each event's seconds since the first and since its cause."""

    title: str
    lines: list[Line]
    begin: float
    focus: Callable[[Node], bool]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield lines of whole words; if there is no terminal, one line for each event."""
        room = options.max_width if console.is_terminal else None
        yield Text(self.title, "bold")
        for line, (first, further) in zip(self.lines, _guides(self.lines), strict=True):
            items = self._items(line)
            for number, text in enumerate(packed(items, None if room is None else room - len(first))):
                yield Text(further if number else first, "dim").append_text(text)

    def _items(self, line: Line) -> list[Text]:
        if isinstance(line, LeftOut):
            return [Text(f"… {line.events} more events", "dim italic")]
        event, cause = line.node.event, line.cause
        gap = "" if cause is None else f"+{duration((event.at - cause.event.at).total_seconds())}"
        return [
            Text(f"{event.at.timestamp() - self.begin:8.3f} s", "dim"),
            Text(f"{gap:>8}" if gap else "", "green"),
            Text(f"{line.node.service:<12}", "cyan"),
            Text(event.type, "bold reverse" if self.focus(line.node) else "bold"),
            Text(f"{event.stream} v{event.version}", "dim"),
            Text("" if event.actor.startswith("service:") else event.actor, "yellow"),
        ]


def render(
    title: str, roots: Sequence[Node], *, shown: int = SHOWN, focus: Callable[[Node], bool] = lambda _: False
) -> Tree:
    """Return the lines of the printed tree."""
    return Tree(title, list(shortened(roots, shown=shown, focus=focus)), begin_of(roots), focus)


def _guides(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return the prefix of each line, and of its continuation lines."""
    guides: list[tuple[str, str]] = []
    later: list[bool] = []
    """For each depth, whether another event with the same cause follows."""
    for line in reversed(lines):
        depth = min(line.depth, _DEEPEST)
        later += [False] * (depth + 1 - len(later))
        above = "".join("│ " if one else "  " for one in later[:depth])
        guides.append((above + ("├ " if later[depth] else "└ "), above + ("│ " if later[depth] else "  ")))
        later = [*later[:depth], True]
    return guides[::-1]
