"""Correlated trees: the events with one correlation id, over all services, by cause."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from libs.eventsourcing.operations.stored_events import EventSummary


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
class Visit:
    """An event of a tree, with how many causes are above it, and the nearest of them."""

    depth: int
    node: Node
    cause: Node | None


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


def depth_first(roots: Sequence[Node]) -> Iterator[Visit]:
    """Yield every event of these trees, causes before effects."""
    waiting = [Visit(0, root, None) for root in reversed(roots)]
    while waiting:
        visit = waiting.pop()
        yield visit
        waiting += [Visit(visit.depth + 1, effect, visit.node) for effect in reversed(visit.node.led_to)]


def begin_of(roots: Sequence[Node]) -> float:
    """Return when a tree's first event was appended, in seconds since the epoch."""
    return min((root.event.at.timestamp() for root in roots), default=0.0)
