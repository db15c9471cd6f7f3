"""`adrelay events rebase`: makes a store usable after its restore into a younger database cluster."""

import asyncio

import typer

from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import connected
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark, screen
from libs.chassis.names import APPLICATION
from libs.eventsourcing.operations import Connection, RestoredElsewhere, connected_as, rebase, refuse_future


async def rebase_(servers: ServerOptions, service: str, *, yes: bool, json: bool) -> Exit:
    """Move a restored store's next transaction ids behind those of all its events."""
    url = servers.databases([service], writing=True)[service]
    async with (
        connected(service, url, writing=True) as connection,
        streaming(servers.broker(), absent=True) as stream,
    ):
        if await connected_as(connection, APPLICATION):
            raise Unusable(f"{service} runs; stop all its processes first")
        remark(await _why(connection))
        if not yes and not await asyncio.to_thread(typer.confirm, "Rebase it?", err=True):
            return Exit.FOUND
        ahead = await rebase(connection, (await stream.last(service)).cursor)
    if json:
        print_json({"service": service, "ahead": ahead})
    else:
        screen().print(f"✓ new events of {service} are counted {ahead:,} ahead of its cluster; start it now")
    return Exit.OK


async def _why(connection: Connection) -> str:
    try:
        await refuse_future(connection)
    except RestoredElsewhere as error:
        return f"{error}."
    return "The store's events are not ahead of this cluster; only the stream's position is checked."
