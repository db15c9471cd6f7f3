"""`adrelay events republish`: publishes the stores' events that the stream lacks."""

import asyncio
from collections.abc import Mapping

import typer

from adrelay.commands.events.tables.folded import all_tables, folds, progress
from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.terminal.outcome import Exit, complain, print_json, remark, screen
from libs.eventsourcing import EventStream
from libs.eventsourcing.operations import Missing, ServiceTables, missing, renew, republish


async def republish_(servers: ServerOptions, *, anew: bool, dry: bool, yes: bool, json: bool) -> Exit:
    """Publish the events that the stream lacks."""
    known = await all_tables(servers)
    async with streaming(servers.broker(), absent=True) as stream, folds():
        before = [await missing(tables, stream) for tables in known.values()]
        if not json:
            _print(before, anew=anew)
        if dry or not (anew or any(one.missing for one in before)):
            if json:
                print_json([_document(one) for one in before])
            elif not dry:
                screen().print("✓ nothing is missing")
            return Exit.FOUND if any(one.missing or one.ahead for one in before) else Exit.OK
        question = "Delete the stream and fill it anew?" if anew else "Publish them?"
        if not yes and not await asyncio.to_thread(typer.confirm, question, err=True):
            return Exit.FOUND
        after = await (fill_anew if anew else _all)(known, stream)
    if json:
        print_json([_document(one) for one in after])
    else:
        screen().print("✓ the stream holds what the stores do")
    return Exit.OK


async def fill_anew(known: Mapping[str, ServiceTables], stream: EventStream) -> list[Missing]:
    """Delete the stream and publish all events of the stores."""
    remark(f"{await renew(stream):,} events deleted")
    return await _all(known, stream)


async def _all(known: Mapping[str, ServiceTables], stream: EventStream) -> list[Missing]:
    with progress() as move:

        def report(one: Missing) -> None:
            move(one.service, one.stored - one.missing, one.stored)

        return [await republish(tables, stream, report=report) for tables in known.values()]


def _document(one: Missing) -> dict[str, object]:
    return {
        "service": one.service,
        "stored": one.stored,
        "missing": one.missing,
        "published": str(one.published),
        "ahead": one.ahead,
    }


def _print(found: list[Missing], *, anew: bool) -> None:
    for one in found:
        count = one.stored if anew else one.missing
        screen().print(f"{one.service:<13} {one.stored:>10,} events, {count:>10,} to publish")
        if one.ahead:
            complain(f"the stream holds events of {one.service} that its store does not: see `verify`")
