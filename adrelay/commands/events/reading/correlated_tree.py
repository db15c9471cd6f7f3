"""Build and render correlated trees: the events with one correlation id, over all services, by cause."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from adrelay.servers.stores import stores
from adrelay.terminal.moments import duration
from adrelay.terminal.screen import packed
from libs.eventsourcing.operations import Connection, EventSummary, correlation_of_stream, events_of_trees

_DEEPEST = 24
"""The depth from which the drawing is not indented further."""
KEPT = 5
"""How many of many siblings are shown at the beginning and at the end."""


@dataclass(eq=False, slots=True)
class Node:
    """An event, the service that appended it, and its effects."""

    service: str
    event: EventSummary
    led_to: list["Node"] = field(default_factory=list["Node"])

    def __len__(self) -> int:
        """Return how many events this tree holds."""
        return sum(1 for _ in members([self]))


@dataclass(frozen=True, eq=False)
class Line:
    """A line of a rendered tree: an event, or the number of events that are left out."""

    depth: int
    node: Node | None
    cause: Node | None
    left_out: int = 0


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


def linked(nodes: Iterable[Node]) -> list[Node]:
    """Attach every event to its cause, and return the roots: those whose cause is none of them."""
    in_order = sorted(nodes, key=lambda node: (node.event.at, node.service, node.event.position))
    by_id = {node.event.id: node for node in in_order}
    roots: list[Node] = []
    for node in in_order:
        cause = by_id.get(node.event.causation_id)
        (roots if cause is None or cause is node else cause.led_to).append(node)
    return roots


def members(roots: Iterable[Node]) -> Iterator[Node]:
    """Return every event of these trees, in no order."""
    waiting = list(roots)
    while waiting:
        node = waiting.pop()
        yield node
        waiting += node.led_to


def walk(
    roots: Sequence[Node], *, kept: int = 0, focus: Callable[[Node], bool] = lambda _: False
) -> Iterator[Line]:
    """Yield a tree line by line, causes before effects.

    With `kept`, of many siblings only this many are yielded at the beginning and the end, and as many of
    those in `focus` between.
    """
    waiting = _lines(0, None, roots, kept, focus)[::-1]
    while waiting:
        line = waiting.pop()
        yield line
        if line.node is not None:
            waiting.extend(_lines(line.depth + 1, line.node, line.node.led_to, kept, focus)[::-1])


def _lines(
    depth: int, cause: Node | None, siblings: Sequence[Node], kept: int, focus: Callable[[Node], bool]
) -> list[Line]:
    if not kept or len(siblings) <= 2 * kept + 1:
        return [Line(depth, node, cause) for node in siblings]
    shown = {*range(kept), *range(len(siblings) - kept, len(siblings))}
    shown |= set([index for index, node in enumerate(siblings) if focus(node)][-kept:])
    lines: list[Line] = []
    left_out = 0
    for index, node in enumerate(siblings):
        if index not in shown:
            left_out += len(node)
            continue
        if left_out:
            lines.append(Line(depth, None, cause, left_out))
            left_out = 0
        lines.append(Line(depth, node, cause))
    return lines


def begin_of(roots: Sequence[Node]) -> float:
    """Return when a tree's first event was appended, in seconds since the epoch."""
    return min((root.event.at.timestamp() for root in roots), default=0.0)


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
        if line.node is None:
            return [Text(f"… {line.left_out} more events", "dim italic")]
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
    title: str, roots: Sequence[Node], *, kept: int = KEPT, focus: Callable[[Node], bool] = lambda _: False
) -> Tree:
    """Return the lines of the printed tree."""
    return Tree(title, list(walk(roots, kept=kept, focus=focus)), begin_of(roots), focus)


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
