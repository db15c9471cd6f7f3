"""`adrelay events import`: imports an export into empty stores."""

import asyncio
from collections.abc import Iterable, Mapping
from pathlib import Path

import asyncpg
from nats.errors import Error as NatsError

from adrelay.commands.events.transfer.dump import Dump, read_dump
from adrelay.commands.events.transfer.filling import fill
from adrelay.servers.broker import streaming
from adrelay.servers.new_databases import DatabaseCreator
from adrelay.servers.options import Broker, ServerOptions, checked, scratch_name
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark
from adrelay.terminal.reasons import reason_of
from libs.chassis.database_urls import in_database
from libs.eventsourcing import EventStream
from libs.eventsourcing.operations import renew
from libs.eventsourcing.values import START


async def import_(
    servers: ServerOptions,
    file: Path,
    into: str | None,
    services: list[str] | None,
    *,
    anew: bool,
    json: bool,
) -> Exit:
    """Import exported events into empty stores."""
    dump = await asyncio.to_thread(read_dump, file)
    chosen = checked(services) if services else dump.services
    for service in chosen:
        if service not in dump.services:
            raise Unusable(f"{file} holds no events of {service}")
    if into is not None and anew:
        raise Unusable("--anew does not go with --into: scratch databases have no stream")
    urls = servers.databases(chosen, writing=True)
    creator = DatabaseCreator(servers.superuser_url, servers.tools_url())
    try:
        if into is None:
            await _into_services(servers.broker(), dump, urls, creator, anew=anew)
        else:
            name = scratch_name(into)
            scratch = {one: in_database(url, f"{name}_{one}") for one, url in urls.items()}
            await fill(dump, scratch, creator)
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise Unusable(f"{file}: the database refuses it: {reason_of(error)}") from error
    counts = {service: dump.count(service) for service in chosen}
    if json:
        print_json({"file": str(file), "events": counts})
    else:
        for service, count in counts.items():
            remark(f"{service}: {count} events" + (f" in {into}_{service}" if into else ""))
    return Exit.OK


async def _into_services(
    broker: Broker, dump: Dump, urls: Mapping[str, str], creator: DatabaseCreator, *, anew: bool
) -> None:
    async with streaming(broker, absent=True) as stream:

        async def ready() -> None:
            if not anew:
                await _check_stream(stream, urls)

        await fill(dump, urls, creator, ready)
        if anew:
            try:
                remark(f"{await renew(stream):,} events of the stream deleted")
            except NatsError as error:
                advice = "run `adrelay events republish --anew` before any service starts"
                raise Unusable(
                    f"all is imported, but the stream is as it was ({reason_of(error)}): {advice}"
                ) from error


async def _check_stream(stream: EventStream, services: Iterable[str]) -> None:
    """Raise `Unusable` if the stream has other events than those to be imported.

    Imported events get new positions in their store. Readers would take an event's copy on the stream and the
    one that the relay publishes for different events, and handle both.
    """
    for service in services:
        if (await stream.last(service)).cursor > START:
            raise Unusable(
                f"the stream {stream.name} holds events of {service}; --anew deletes it, relays fill it anew"
            )
