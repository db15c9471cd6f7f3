"""`adrelay events trace`: causes and effects over all services, from any id."""

import gc
from pathlib import Path

from rich.text import Text

from adrelay.commands.events.reading.correlated_tree import read_trees, render
from adrelay.commands.events.reading.find import Found, find
from adrelay.commands.events.reading.picture import picture
from adrelay.commands.events.reading.shortening import SHOWN, LeftOut, shortened
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.moments import clock, duration
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark, screen
from libs.chassis.plain_values import Json
from libs.eventsourcing.operations import (
    Connection,
    Node,
    Visit,
    begin_of,
    data_of_events,
    depth_first,
    members,
)

MOST_TREES = 10


async def trace(servers: ServerOptions, key: str, html: Path | None, *, json: bool, complete: bool) -> Exit:
    """Print the correlated trees in which an id occurs."""
    gc.disable()  # everything read lives until the end: garbage collection would cost a third of the time
    async with stores(servers.databases()) as connections:
        found = await find(connections, key)
        shown = found.correlations if complete else found.correlations[:MOST_TREES]
        roots = await read_trees(connections, shown)
        trees = _by_correlation_id(found, roots)
        siblings = 0 if complete else SHOWN
        if html is not None:
            await _draw(connections, html, key, found, roots, siblings=siblings)
    if json:
        print_json(_document(key, found, trees))
    else:
        print_trees(found, trees, siblings=siblings)
        if len(shown) < len(found.correlations):
            remark(f"{len(found.correlations) - len(shown)} older ones are left out; --all shows them")
    if html is not None:
        remark(f"the picture is in {html}")
    return Exit.OK


def _by_correlation_id(found: Found, roots: list[Node]) -> dict[str, list[Node]]:
    trees: dict[str, list[Node]] = {str(correlation_id): [] for correlation_id in found.correlations}
    for root in roots:
        trees[str(root.event.correlation_id)].append(root)
    return {correlation_id: parts for correlation_id, parts in trees.items() if parts}


def print_trees(found: Found, trees: dict[str, list[Node]], *, siblings: int) -> None:
    """Print the result of the search, and each correlated tree."""
    console = screen()
    for name in found.names:
        console.say(Text(name, "bold"))
    for correlation_id, roots in trees.items():
        times = [node.event.at for node in members(roots)]
        lasted = duration(max(times).timestamp() - begin_of(roots))
        counted = f"{len(times)} events in {lasted} from {clock(min(times))} UTC on"
        title = f"correlation id {correlation_id}\n{counted}"
        console.print(render(title, roots, shown=siblings, focus=lambda node: found.is_about(node.event)))


def _document(key: str, found: Found, trees: dict[str, list[Node]]) -> Json:
    return {
        "id": key,
        "is": list(found.names),
        # scripts read these two keys: they keep the name they were published under
        "stories": [
            {"correlation_id": correlation_id, "events": _events(found, roots)}
            for correlation_id, roots in trees.items()
        ],
        "stories_left_out": len(found.correlations) - len(trees),
    }


def _events(found: Found, roots: list[Node]) -> list[Json]:
    begin = begin_of(roots)
    events: list[Json] = []
    for visit in depth_first(roots):
        event, cause = visit.node.event, visit.cause
        gap = None if cause is None else round((event.at - cause.event.at).total_seconds(), 6)
        events.append(
            {
                "depth": visit.depth,
                "service": visit.node.service,
                "type": event.type,
                "stream": event.stream,
                "version": event.version,
                "id": str(event.id),
                "causation_id": str(event.causation_id),
                "actor": event.actor,
                "at": event.at.isoformat(),
                "seconds_since_begin": round(event.at.timestamp() - begin, 6),
                "seconds_since_cause": gap,
                "asked_for": found.is_about(event),
            }
        )
    return events


async def _draw(
    connections: dict[str, Connection],
    html: Path,
    key: str,
    found: Found,
    roots: list[Node],
    *,
    siblings: int,
) -> None:
    lines = list(shortened(roots, shown=siblings, focus=lambda node: found.is_about(node.event)))
    visits = [line for line in lines if isinstance(line, Visit)]
    left_out = sum(line.events for line in lines if isinstance(line, LeftOut))
    data: dict[str, str] = {}
    for service, connection in connections.items():
        ids = [visit.node.event.id for visit in visits if visit.node.service == service]
        data |= {str(event): text for event, text in (await data_of_events(connection, ids)).items()}
    _write(html, picture(key, found, visits, left_out, data))


def _write(html: Path, page: str) -> None:
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{html} can't be written: {error.strerror}") from error
