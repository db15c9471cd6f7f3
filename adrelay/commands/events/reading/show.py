"""`adrelay events show`: one stream, with the state after each event."""

from collections.abc import Mapping
from itertools import takewhile

from rich.text import Text

from adrelay.commands.events.reading.find import find, streams_of_tree
from adrelay.commands.events.reading.steps import steps
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.moments import clock, past_moment
from adrelay.terminal.outcome import Exit, NotFound, complain, print_json, screen
from adrelay.terminal.plain import field_texts, flat, pieces
from adrelay.terminal.screen import Screen, Table
from libs.chassis.pasted import pasted, stream_name
from libs.chassis.plain_values import Json, contents, plain
from libs.events.categories import CATEGORIES
from libs.eventsourcing.operations import STREAM_NAME, Connection, Step, events_of_stream
from libs.eventsourcing.values import Envelope


async def show(servers: ServerOptions, text: str, at: str | None, last: int | None, *, json: bool) -> Exit:
    """Print the matching stream, or list the streams if several match."""
    until = None if at is None else past_moment(at)
    key = stream_name(text)
    keeper = CATEGORIES.get(key.partition("-")[0]) if STREAM_NAME.match(key) else None
    async with stores(servers.databases(None if keeper is None else [keeper])) as connections:
        meant = await _meant(connections, text) if keeper is None else {key: keeper}
        if len(meant) > 1:
            return list_streams(text, meant, json=json)
        ((stream, service),) = meant.items()
        events = await events_of_stream(connections[service], stream)
    if not events:
        raise NotFound(f"{service} has no stream {stream}")
    if until is not None:
        begun = events[0].at
        events = list(takewhile(lambda event: event.at <= until, events))
        if not events:
            raise NotFound(f"{stream} began only at {clock(begun)}")
    return _print_steps(service, events, last, json=json)


async def _meant(connections: Mapping[str, Connection], text: str) -> dict[str, str]:
    """Return the matching streams, and each one's service."""
    found = await find(connections, text)
    return found.streams or await streams_of_tree(connections, found.correlations[0])


def list_streams(text: str, meant: Mapping[str, str], *, json: bool) -> Exit:
    """Print the list of matching streams."""
    table = Table("stream", "service")
    for stream, service in sorted(meant.items()):
        table.add(stream, service)
        if json:
            print_json({"service": service, "stream": stream})
    if not json:
        screen().table(table)
    complain(f"{len(meant)} streams go by {pasted(text)}; name one of them")
    return Exit.FOUND


def _print_steps(service: str, events: list[Envelope], last: int | None, *, json: bool) -> Exit:
    folded = steps(events)
    if json:
        for step in folded[-last:] if last else folded:
            print_json(_document(service, step))
    else:
        print_stream(screen(), service, folded, last or len(folded))
    problem = folded[-1].problem
    if problem is not None:
        complain(f"the state can't be folded: {problem}")
        return Exit.FOUND
    return Exit.OK


def _document(service: str, step: Step) -> Json:
    envelope = step.envelope
    document: dict[str, Json] = {
        "service": service,
        "stream": envelope.stream,
        "version": envelope.version,
        "id": str(envelope.id),
        "type": envelope.type,
        "schema": envelope.schema,
        "at": envelope.at.isoformat(),
        "actor": envelope.actor,
        "correlation_id": str(envelope.correlation_id),
        "causation_id": str(envelope.causation_id),
        "data": contents(envelope.data),
    }
    if step.problem is not None:
        return document | {"problem": step.problem}
    return document | {"state_type": type(step.state).__name__, "state": plain(step.state)}


def print_stream(console: Screen, service: str, folded: list[Step], last: int) -> None:
    """Print a stream's events with the changes that each made, and the state at the end."""
    hidden = len(folded) - last
    head = f"{len(folded)} event{'s' if len(folded) > 1 else ''}" + (
        f", the last {last} shown (--all shows all)" if hidden > 0 else ""
    )
    console.items(Text(folded[0].envelope.stream, "bold"), f"in {service}, {head}, times in UTC")
    before = _leaves(folded[hidden - 1]) if hidden > 0 else {}
    for step in folded[max(hidden, 0) :]:
        after = _leaves(step)
        _print_step(console, step, before, after)
        before = after
    console.print(Text("\nstate now" if folded[-1].problem is None else "\nno state", style="bold"))
    for name, value in before.items():
        console.items(f"{name} =", *pieces(value), indent=2, gap=" ")


def _leaves(step: Step) -> dict[str, Json]:
    if step.problem is not None:
        return {}
    return {"is": type(step.state).__name__} | flat(plain(step.state))


def _print_step(console: Screen, step: Step, before: dict[str, Json], after: dict[str, Json]) -> None:
    envelope = step.envelope
    console.print()
    console.items(
        f"v{envelope.version}",
        Text(clock(envelope.at), "dim"),
        Text(envelope.type, "bold cyan"),
        Text("" if envelope.actor.startswith("service:") else envelope.actor, "yellow"),
        Text(str(envelope.id), "dim"),
    )
    console.items(Text("data", "dim"), *field_texts(contents(envelope.data)), indent=4)
    if step.problem is not None:
        console.items(Text("✗", "red"), step.problem, indent=4)
        return
    for name, value in after.items():
        if name not in before:
            console.items(Text.assemble(("+ ", "green"), f"{name} ="), *pieces(value), indent=4, gap=" ")
        elif before[name] != value:
            change = [*pieces(before[name]), "→", *pieces(value)]
            console.items(Text.assemble(("~ ", "yellow"), f"{name}:"), *change, indent=4, gap=" ")
    for name in before.keys() - after.keys():
        console.items(Text("-", "red"), name, indent=4)
    if before == after:
        console.items(Text("changes nothing", "dim"), indent=4)
