"""What caused what: every event of one story, over all services, as a tree."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
from rich.text import Text
from rich.tree import Tree

from libs.eventsourcing.postgres import connect, envelope_of
from libs.eventsourcing.record import Envelope

_STORY = """
select position, xid::text as xid, id, stream, version, type, schema, at, correlation_id, causation_id, actor,
       data::text as data
from engine.events where correlation_id = $1 order by xid, position
"""


_LONG_KEY = 30


@dataclass
class Node:
    """An event, who said it, and what it led to."""

    service: str
    event: Envelope
    led_to: list["Node"] = field(default_factory=list["Node"])

    def __len__(self) -> int:
        """Return how many events this tree holds."""
        return 1 + sum(len(child) for child in self.led_to)


async def correlation_of(database: str, stream: str) -> UUID | None:
    """Return the story in which a stream began, None if the stream is unknown."""
    connection = await connect(database)
    try:
        found: UUID | None = await connection.fetchval(
            "select correlation_id from engine.events where stream = $1 and version = 1", stream
        )
        return found
    finally:
        await connection.close()


async def trace(databases: Mapping[str, str], correlation_id: UUID) -> list[Node]:
    """Return the roots of a story, oldest first; `databases` are the services' stores by name."""
    nodes: list[Node] = []
    for service, url in databases.items():
        connection = await connect(url)
        try:
            nodes.extend(Node(service, envelope_of(row)) for row in await _rows(connection, correlation_id))
        finally:
            await connection.close()
    return linked(nodes)


async def _rows(
    connection: "asyncpg.Connection[asyncpg.Record]", correlation_id: UUID
) -> list[asyncpg.Record]:
    return await connection.fetch(_STORY, correlation_id)


def linked(nodes: Iterable[Node]) -> list[Node]:
    """Hang every event under what caused it, and return those whose cause is no event."""
    in_order = sorted(nodes, key=lambda node: (node.event.at, node.service, node.event.cursor))
    by_id = {node.event.id: node for node in in_order}
    roots: list[Node] = []
    for node in in_order:
        cause = by_id.get(node.event.causation_id)
        (roots if cause is None else cause.led_to).append(node)
    return roots


def render(title: str, roots: list[Node]) -> Tree:
    """Return the tree as rich shows it, with the seconds since the story began."""
    tree = Tree(Text(title, style="bold"))
    if roots:
        begin = min(root.event.at for root in roots)
        for root in roots:
            _hang(tree, root, begin.timestamp())
    return tree


def _short(stream: str) -> str:
    """Return a stream's name so that it fits beside others; order numbers stay whole."""
    category, _, key = stream.partition("-")
    return stream if len(key) < _LONG_KEY or category == "order" else f"{category}-…{key[-6:]}"


def _hang(tree: Tree, node: Node, begin: float) -> None:
    event = node.event
    label = Text.assemble(
        (f"{event.at.timestamp() - begin:8.3f} s  ", "dim"),
        (f"{node.service:<13}", "cyan"),
        (event.type, "bold"),
        (f"  {_short(event.stream)} v{event.version}", "dim"),
        (f"  {event.actor}" if not event.actor.startswith("service:") else "", "yellow"),
    )
    branch = tree.add(label)
    for child in node.led_to:
        _hang(branch, child, begin)
