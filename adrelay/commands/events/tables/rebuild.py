"""`adrelay events rebuild`: folds a table into shadow tables and swaps them in."""

import asyncio
import time

import typer

from adrelay.commands.events.tables.folded import Stopped, fold_progress, folds, one_table
from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.terminal.moments import clock, duration
from adrelay.terminal.outcome import Exit, print_json, remark, screen
from libs.eventsourcing.operations import Kind, Plan, archived_schema, rebuilding


async def rebuild(
    servers: ServerOptions,
    service: str,
    name: str,
    *,
    again: bool,
    swap: bool,
    dry: bool,
    yes: bool,
    json: bool,
) -> Exit:
    """Fold a table into shadow tables and swap them in."""
    tables, table = await one_table(servers, service, name)
    async with streaming(servers.broker(), absent=True) as stream, folds():
        plan = await rebuilding.plan(tables, table, stream=stream, again=again)
        for line in _plan_lines(plan, swap=swap):
            remark(line)
        if dry:
            if json:
                print_json(_document(plan))
            return Exit.OK
        if not yes and not await asyncio.to_thread(typer.confirm, "Go on?", err=True):
            return Exit.FOUND
        begin = time.monotonic()
        try:
            with fold_progress(service) as report:
                built = await rebuilding.rebuild(
                    tables, table, stream=stream, again=again, swap=swap, report=report
                )
        except asyncio.CancelledError:
            raise Stopped("interrupted; the same command goes on from here") from None
    seconds = time.monotonic() - begin
    if json:
        print_json({**_document(plan), "exchanged": swap, "seconds": round(seconds, 3)})
        return Exit.OK
    where = "runs now" if swap else f"is a shadow, in {built.schema}"
    screen().print(f"✓ {name} of {service}, version {plan.version}, {where}; {duration(seconds)}")
    return Exit.OK


def _plan_lines(plan: Plan, *, swap: bool) -> list[str]:
    source = "the store" if plan.kind is Kind.STATE else "the stream"
    shadow = "" if plan.running is None else f", in shadow tables; version {plan.running} runs on meanwhile"
    what = f"{plan.table} of {plan.service}, version {plan.version}"
    lines = [f"{what}: {plan.events:,} events of {source}{shadow}."]
    if plan.begun is not None:
        begun = (
            f"An earlier rebuild, of {clock(plan.begun.begun_at)}, has folded {plan.begun.folded:,} events"
        )
        lines.append(f"{begun}; this one goes on from there.")
    if not swap:
        return [*lines, "It is left in its shadow tables."]
    if plan.running is not None:
        archived = archived_schema(plan.table, plan.running)
        lines.append(f"Then they are swapped in; the old ones are archived as {archived}, see `rollback`.")
    if plan.archived is not None and plan.archived.version == plan.running:
        lines.append(f"What is archived there now, of {clock(plan.archived.begun_at)}, is dropped.")
    if plan.outdates:
        stop = f"Programs that fold version {plan.running} stop with the swap"
        lines.append(f"{stop}: start those of version {plan.version}.")
    return lines


def _document(plan: Plan) -> dict[str, object]:
    return {
        "service": plan.service,
        "table": plan.table,
        "kind": plan.kind,
        "running": plan.running,
        "version": plan.version,
        "events": plan.events,
        "resumed": plan.begun is not None,
    }
