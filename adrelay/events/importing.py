"""`adrelay events import`: an export back into stores, which must be empty."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import asyncpg
import typer
from nats.errors import Error as NatsError

from adrelay.events.dump import Dump, read_dump
from adrelay.events.filling import fill
from adrelay.events.outcome import Exit, Unusable, carry_out, first_line, remark, say_json
from adrelay.events.places import (
    ENV_FILE,
    Broker,
    DataOption,
    EnvFileOption,
    JsonOption,
    Places,
    checked,
    scratch_name,
    with_database,
)
from adrelay.events.streaming import streaming
from libs.eventsourcing.record import START
from libs.eventsourcing.republish import renew
from libs.eventsourcing.stream import EventStream


def import_(
    file: Annotated[Path, typer.Argument(help="What `export` wrote.")],
    into: Annotated[
        str | None,
        typer.Option(help="Import into scratch databases, made for it, that are called NAME_<service>."),
    ] = None,
    service: Annotated[list[str] | None, typer.Option(help="Only this service; can be repeated.")] = None,
    anew: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--anew", help="Delete the stream, which holds other events; relays fill it.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Put exported events into empty stores, in the same order, and the readers to where they had come.

    The file is read to its end before anything is touched; each store is filled in one transaction, and all
    or none are kept. The stream must hold nothing of these services: their relays fill it with what was
    imported. Tables are folded from the events when the services start; nothing that was done outside is
    done again. Exit codes: 0 imported, 2 the file is not whole, a store is not empty or its service runs,
    the stream is not empty, wrong usage or a server that does not answer; nothing was changed then.
    """
    carry_out(lambda: _import(Places(data, env_file), file, into, service, anew=anew, json=json))


async def _import(
    places: Places, file: Path, into: str | None, services: list[str] | None, *, anew: bool, json: bool
) -> Exit:
    dump = await asyncio.to_thread(read_dump, file)
    chosen = checked(services) if services else dump.services
    for service in chosen:
        if service not in dump.services:
            raise Unusable(f"{file} holds no events of {service}")
    if into is not None and anew:
        raise Unusable("--anew does not go with --into: scratch databases have no stream")
    urls = places.databases(chosen)
    try:
        if into is None:
            await _into_services(places.broker(), dump, urls, anew=anew)
        else:
            name = scratch_name(into)
            await fill(dump, {one: with_database(url, f"{name}_{one}") for one, url in urls.items()})
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise Unusable(f"{file}: the database refuses it: {first_line(error)}") from error
    counts = {service: dump.count(service) for service in chosen}
    if json:
        say_json({"file": str(file), "events": counts})
    else:
        for service, count in counts.items():
            remark(f"{service}: {count} events" + (f" in {into}_{service}" if into else ""))
    return Exit.OK


async def _into_services(broker: Broker, dump: Dump, urls: Mapping[str, str], *, anew: bool) -> None:
    async with streaming(broker, absent=True) as stream:

        async def ready() -> None:
            if not anew:
                await _check_stream(stream, urls)

        await fill(dump, urls, ready)
        if anew:
            try:
                remark(f"{await renew(stream):,} events of the stream deleted")
            except NatsError as error:
                advice = "run `adrelay events republish --anew` before any service starts"
                raise Unusable(
                    f"all is imported, but the stream is as it was ({first_line(error)}): {advice}"
                ) from error


async def _check_stream(stream: EventStream, services: Iterable[str]) -> None:
    """Raise `Unusable` if the stream tells of other events than those that are to be imported.

    What is imported gets new places in its store. So readers would take what the stream holds, and what the
    relays add to it, for different events, and handle both.
    """
    for service in services:
        if (await stream.last(service)).cursor > START:
            raise Unusable(
                f"the stream {stream.name} holds events of {service}; --anew deletes it, relays fill it anew"
            )
