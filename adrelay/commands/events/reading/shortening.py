"""Leave out events of a correlated tree that is too long to be shown."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from libs.eventsourcing.operations import Node, Visit

SHOWN = 5
"""How many of many siblings are shown at the beginning and at the end."""


@dataclass(frozen=True)
class LeftOut:
    """So many events are not shown here."""

    depth: int
    events: int


Line = Visit | LeftOut


def shortened(roots: Sequence[Node], *, shown: int, focus: Callable[[Node], bool]) -> Iterator[Line]:
    """Yield trees, causes before effects; of many siblings only some, and all if `shown` is 0.

    These are so many at the beginning and at the end, and as many of those in `focus` between.
    """
    waiting = _siblings(0, None, roots, shown, focus)[::-1]
    while waiting:
        line = waiting.pop()
        yield line
        if isinstance(line, Visit):
            waiting.extend(_siblings(line.depth + 1, line.node, line.node.led_to, shown, focus)[::-1])


def _siblings(
    depth: int, cause: Node | None, nodes: Sequence[Node], shown: int, focus: Callable[[Node], bool]
) -> list[Line]:
    if not shown or len(nodes) <= 2 * shown + 1:
        return [Visit(depth, node, cause) for node in nodes]
    chosen = {*range(shown), *range(len(nodes) - shown, len(nodes))}
    chosen |= set([index for index, node in enumerate(nodes) if focus(node)][-shown:])
    lines: list[Line] = []
    left_out = 0
    for index, node in enumerate(nodes):
        if index not in chosen:
            left_out += len(node)
            continue
        if left_out:
            lines.append(LeftOut(depth, left_out))
            left_out = 0
        lines.append(Visit(depth, node, cause))
    return lines
