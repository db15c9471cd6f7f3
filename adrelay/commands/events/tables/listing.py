"""`adrelay events tables`, `rollback` and `retire`: the tables in the databases."""

import asyncio
from dataclasses import asdict

import typer

from adrelay.commands.events.tables.folded import all_tables, fold_progress, folds, one_table
from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.servers.stores import stores
from adrelay.terminal.moments import clock
from adrelay.terminal.outcome import Exit, Unusable, print_json, remark, screen
from adrelay.terminal.screen import Table
from libs.eventsourcing.operations import (
    Purpose,
    ServiceTables,
    ShadowTables,
    builder,
    rebuilding,
    stored_tables,
)
from libs.eventsourcing.operations import retire as retire_table


async def rollback(servers: ServerOptions, service: str, names: list[str], *, yes: bool, json: bool) -> Exit:
    """Roll back to archived tables."""
    found = [await one_table(servers, service, name) for name in dict.fromkeys(names)]
    tables, chosen = found[0][0], [table for _, table in found]
    if len({tables.kind(table) for table in chosen}) > 1:
        raise Unusable("state tables and read models are put back one after the other")
    async with streaming(servers.broker(), absent=True) as stream, folds():
        remark(f"{', '.join(names)} of {service} are archived; they are caught up and swapped in.")
        if not yes and not await asyncio.to_thread(typer.confirm, "Go on?", err=True):
            return Exit.FOUND
        with fold_progress(service) as report:
            built = await rebuilding.rollback(tables, chosen, stream=stream, report=report)
    if json:
        print_json([{"service": service, "table": one.name, "version": one.version} for one in built])
    for one in () if json else built:
        screen().print(f"✓ {one.name} of {service}, version {one.version}, runs again")
    return Exit.OK


async def tables(
    servers: ServerOptions, chosen: list[str] | None, *, drop: bool, yes: bool, json: bool
) -> Exit:
    """Print the tables, or drop those that are not in use."""
    known = await all_tables(servers, chosen)
    if drop:
        async with folds():
            return await _drop(known, yes=yes, json=json)
    async with stores(servers.databases(chosen)) as connections:
        listed = [
            (service, one)
            for service, connection in connections.items()
            for one in await stored_tables(connection)
        ]
    if json:
        print_json([{"service": service, **asdict(one)} for service, one in listed])
        return Exit.OK
    shown = Table("service", "table", "version", "", "size", right=("version", "size"))
    for service, one in listed:
        shown.add(service, one.name, str(one.version), str(one.kind), f"{one.bytes / 1024:,.0f} kB")
    screen().table(shown)
    return Exit.OK


async def _drop(known: dict[str, ServiceTables], *, yes: bool, json: bool) -> Exit:
    dropped: list[tuple[str, ShadowTables]] = []
    for service, tables in known.items():
        for one in await rebuilding.shadow_tables(tables):
            remark(f"{one.schema} of {service} ({one.purpose}, of {clock(one.begun_at)}) will be dropped")
            dropped.append((service, one))
    if dropped and not yes and not await asyncio.to_thread(typer.confirm, f"Drop {len(dropped)}?", err=True):
        return Exit.FOUND
    for service, name in sorted({(service, one.name) for service, one in dropped}):
        await rebuilding.discard(known[service], name, frozenset(Purpose))
    if json:
        print_json([{"service": service, "schema": one.schema} for service, one in dropped])
    else:
        screen().print(f"✓ {len(dropped)} dropped")
    return Exit.OK


async def retire(servers: ServerOptions, service: str, name: str, *, yes: bool, json: bool) -> Exit:
    """Stop folding a table that this version of the service does not know."""
    known = (await all_tables(servers, [service]))[service]
    if known.find(name) is not None:
        raise Unusable(f"{service} still folds {name}")
    async with folds():
        remark(f"{name} of {service} is folded no more; programs that still do so stop.")
        if not yes and not await asyncio.to_thread(typer.confirm, "Go on?", err=True):
            return Exit.FOUND
        async with builder(known):
            await retire_table(known, name)
    if json:
        print_json({"service": service, "table": name})
    else:
        screen().print(f"✓ {name} of {service} is folded no more")
    return Exit.OK
