"""`adrelay events trace`: what led to what, over all services, from any id."""

import gc
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from adrelay.events.connections import stores
from adrelay.events.find import Found, find
from adrelay.events.moments import clock, duration
from adrelay.events.outcome import Exit, NotFound, Unusable, carry_out, remark, say_json, screen
from adrelay.events.picture import picture
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places, ScratchOption
from adrelay.events.plain import Json
from adrelay.events.rows import data_of
from adrelay.events.story import KEPT, Node, begin_of, members, render, told, walk
from libs.eventsourcing.postgres import Connection

STORIES = 10


def trace(
    key: Annotated[
        str,
        typer.Argument(
            metavar="ANY-ID",
            help="An order number, or the id of a payment, an adbot, a cycle, a session, an account, "
            "an event or a story (correlation id), or a stream's name.",
        ),
    ],
    all_: Annotated[bool, typer.Option("--all", help="Leave nothing out.")] = False,  # noqa: FBT002 - typer's way to say flag
    html: Annotated[
        Path | None, typer.Option(help="Write a picture that needs nothing else to this file.")
    ] = None,
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
    scratch: ScratchOption = None,
) -> None:
    """Show what led to what: the tree of causes over all services, with times and the gaps between.

    The asked-for events stand out. Of many siblings, and of many stories, only some are shown, unless
    --all is given; --json always holds every event of the stories shown, in the tree's order.
    Exit codes: 0 shown, 1 the id is unknown, 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        if not key.strip():
            raise Unusable("the id is empty")
        if html is not None and not html.parent.is_dir():
            raise Unusable(f"{html.parent} is no folder")
        return _trace(Places(data, env_file, scratch), key.strip(), html, json=json, complete=all_)

    carry_out(work)


async def _trace(places: Places, key: str, html: Path | None, *, json: bool, complete: bool) -> Exit:
    gc.disable()  # what is read is kept to the end: looking through it again and again costs a third
    async with stores(places.databases()) as connections:
        found = await find(connections, key)
        if found is None:
            raise NotFound(f"nothing is known by the id {key!r}")
        shown = found.stories if complete else found.stories[:STORIES]
        roots = await told(connections, shown)
        stories = _by_story(found, roots)
        kept = 0 if complete else KEPT
        if html is not None:
            await _draw(connections, html, key, found, roots, kept=kept)
    if json:
        say_json(_document(key, found, stories))
    else:
        _print(found, stories, kept=kept)
        if len(shown) < len(found.stories):
            remark(f"{len(found.stories) - len(shown)} older stories are left out; --all shows them")
    if html is not None:
        remark(f"the picture is in {html}")
    return Exit.OK


def _by_story(found: Found, roots: list[Node]) -> dict[str, list[Node]]:
    stories: dict[str, list[Node]] = {str(story): [] for story in found.stories}
    for root in roots:
        stories[str(root.event.correlation_id)].append(root)
    return {story: parts for story, parts in stories.items() if parts}


def _print(found: Found, stories: dict[str, list[Node]], *, kept: int) -> None:
    console = screen()
    console.print("; ".join(found.names), style="bold", markup=False)
    for story, roots in stories.items():
        times = [node.event.at for node in members(roots)]
        lasted = duration(max(times).timestamp() - begin_of(roots))
        title = f"story {story}: {len(times)} events in {lasted} from {clock(min(times))} UTC on"
        console.print(render(title, roots, kept=kept, focus=lambda node: found.is_about(node.event)))


def _document(key: str, found: Found, stories: dict[str, list[Node]]) -> Json:
    return {
        "id": key,
        "is": list(found.names),
        "stories": [
            {"correlation_id": story, "events": _events(found, roots)} for story, roots in stories.items()
        ],
        "stories_left_out": len(found.stories) - len(stories),
    }


def _events(found: Found, roots: list[Node]) -> list[Json]:
    begin = begin_of(roots)
    events: list[Json] = []
    for line in walk(roots):
        if line.node is None:
            continue
        event, cause = line.node.event, line.cause
        gap = None if cause is None else round((event.at - cause.event.at).total_seconds(), 6)
        events.append(
            {
                "depth": line.depth,
                "service": line.node.service,
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
    connections: dict[str, Connection], html: Path, key: str, found: Found, roots: list[Node], *, kept: int
) -> None:
    lines = list(walk(roots, kept=kept, focus=lambda node: found.is_about(node.event)))
    data: dict[str, str] = {}
    for service, connection in connections.items():
        ids = [line.node.event.id for line in lines if line.node is not None and line.node.service == service]
        data |= {str(event): text for event, text in (await data_of(connection, ids)).items()}
    _write(html, picture(key, found, lines, data))


def _write(html: Path, page: str) -> None:
    try:
        html.write_text(page, encoding="utf-8")
    except OSError as error:
        raise Unusable(f"{html} can't be written: {error.strerror}") from error
