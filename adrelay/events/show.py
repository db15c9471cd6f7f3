"""`adrelay events show`: one stream, with the state after each event."""

from itertools import takewhile
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from adrelay.events.aggregates import AGGREGATES
from adrelay.events.connections import stores
from adrelay.events.moments import clock, past_moment
from adrelay.events.outcome import Exit, NotFound, Unusable, carry_out, complain, say_json, screen
from adrelay.events.places import ENV_FILE, DataOption, EnvFileOption, JsonOption, Places, ScratchOption
from adrelay.events.plain import Json, contents, flat, plain, short
from adrelay.events.rows import stream_events
from adrelay.events.steps import Step, steps
from libs.eventsourcing.record import STREAM_NAME, Envelope

SHOWN = 100
"""How many of a long stream's events people are shown unless they ask for more."""


def show(
    stream: Annotated[str, typer.Argument(help="Such as order-HQADZ-… or adbot-…")],
    at: Annotated[
        str | None, typer.Option(help="Only what had happened by then, such as 2026-05-01T12:00:00 or 2h.")
    ] = None,
    last: Annotated[
        int | None,
        typer.Option(help=f"Print only so many of the last events; {SHOWN} without --json.", min=1),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Leave nothing out.")] = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
    scratch: ScratchOption = None,
) -> None:
    """Show a stream's events, and the state folded from them after each.

    People are shown what each event changed, and the whole state at the end; with --json, each event comes on
    a line of its own with the whole state behind it. Exit codes: 0 shown, 1 no such stream, or its state
    can't be folded, 2 wrong usage or a server that does not answer.
    """
    if last is None and not (all_ or json):
        last = SHOWN
    carry_out(lambda: _show(Places(data, env_file, scratch), stream, at, last, json=json))


async def _show(places: Places, stream: str, at: str | None, last: int | None, *, json: bool) -> Exit:
    if not STREAM_NAME.match(stream):
        raise Unusable(f"{stream!r} is no stream name; one looks like order-HQADZ-…, `trace` takes any id")
    until = None if at is None else past_moment(at)
    service, events = await _find(places, stream)
    if until is not None:
        begun = events[0].at
        events = list(takewhile(lambda event: event.at <= until, events))
        if not events:
            raise NotFound(f"{stream} began only at {clock(begun)}")
    folded = steps(events)
    if json:
        for step in folded[-last:] if last else folded:
            say_json(_document(service, step))
    else:
        _print(screen(), service, folded, last or len(folded))
    problem = folded[-1].problem
    if problem is not None:
        complain(f"the state can't be folded: {problem}")
        return Exit.FOUND
    return Exit.OK


async def _find(places: Places, stream: str) -> tuple[str, list[Envelope]]:
    aggregate = AGGREGATES.get(stream.partition("-")[0])
    chosen = None if aggregate is None else [aggregate.service]
    async with stores(places.databases(chosen)) as connections:
        for service, connection in connections.items():
            events = await stream_events(connection, stream)
            if events:
                return service, events
    where = f"{aggregate.service} has" if aggregate is not None else "no service has a"
    raise NotFound(f"{where} no stream {stream}" if aggregate is not None else f"{where} stream {stream}")


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


def _print(console: Console, service: str, folded: list[Step], last: int) -> None:
    hidden = len(folded) - last
    head = f"{len(folded)} event{'s' if len(folded) > 1 else ''}" + (
        f", the last {last} shown (--all shows all)" if hidden > 0 else ""
    )
    console.print(Text.assemble((folded[0].envelope.stream, "bold"), f"  in {service}, {head}, times in UTC"))
    before = _leaves(folded[hidden - 1]) if hidden > 0 else {}
    for step in folded[max(hidden, 0) :]:
        after = _leaves(step)
        _print_step(console, step, before, after)
        before = after
    console.print(Text("\nstate now" if folded[-1].problem is None else "\nno state", style="bold"))
    for name, value in before.items():
        console.print(Text(f"  {name} = {short(value)}"))


def _leaves(step: Step) -> dict[str, Json]:
    if step.problem is not None:
        return {}
    return {"is": type(step.state).__name__} | flat(plain(step.state))


def _print_step(console: Console, step: Step, before: dict[str, Json], after: dict[str, Json]) -> None:
    envelope = step.envelope
    actor = "" if envelope.actor.startswith("service:") else f"  {envelope.actor}"
    console.print(
        Text.assemble(
            f"\nv{envelope.version}  ",
            (clock(envelope.at), "dim"),
            "  ",
            (envelope.type, "bold cyan"),
            (actor, "yellow"),
            (f"  {envelope.id}", "dim"),
        )
    )
    console.print(Text(f"    said   {short(contents(envelope.data), 400)}", style="dim"))
    if step.problem is not None:
        console.print(Text(f"    ✗ {step.problem}", style="red"))
        return
    for name, value in after.items():
        if name not in before:
            console.print(Text.assemble("    ", ("+ ", "green"), f"{name} = {short(value)}"))
        elif before[name] != value:
            change = f"{name}: {short(before[name], 60)} → {short(value)}"
            console.print(Text.assemble("    ", ("~ ", "yellow"), change))
    for name in before.keys() - after.keys():
        console.print(Text.assemble("    ", ("- ", "red"), name))
    if before == after:
        console.print(Text("    changes nothing", style="dim"))
