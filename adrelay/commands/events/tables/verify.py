"""`adrelay events verify`: the stores against the stream, the tables against a fresh fold."""

from adrelay.commands.events.tables.folded import all_tables, fold_progress, folds, progress
from adrelay.servers.broker import streaming
from adrelay.servers.options import ServerOptions
from adrelay.terminal.outcome import Exit, Unusable, complain, print_json, screen
from adrelay.terminal.plain import field_texts
from libs.chassis.plain_values import plain
from libs.eventsourcing import EventStream
from libs.eventsourcing.operations import (
    FoldFailed,
    OutdatedTables,
    ServiceTables,
    StreamIncomplete,
    StreamReport,
    TableReport,
    TablesBusy,
    verify_stream,
    verify_table,
)


async def verify(
    servers: ServerOptions,
    chosen: list[str] | None,
    names: list[str] | None,
    *,
    stream: bool,
    tables: bool,
    json: bool,
) -> Exit:
    """Compare the stores with the stream, and tables with a fresh fold."""
    known = await all_tables(servers, chosen)
    _check_names(known, names)
    streams: list[StreamReport] = []
    folded: list[TableReport] = []
    problems: list[str] = []
    async with streaming(servers.broker()) as source, folds():
        if stream and not names:
            streams = await _streams(known, source)
        for service, one in known.items() if tables else ():
            found, failed = await _tables(service, one, names, source)
            folded += found
            problems += failed
    sound = not problems and all(one.sound for one in streams) and all(one.sound for one in folded)
    if json:
        print_json(
            {"sound": sound, "streams": _plain(streams), "tables": plain(folded), "problems": problems}
        )
    else:
        print_reports(streams, folded)
        for problem in problems:
            complain(problem)
    return Exit.OK if sound else Exit.FOUND


def _check_names(known: dict[str, ServiceTables], names: list[str] | None) -> None:
    there = sorted({schema for tables in known.values() for schema in tables.schemas})
    for name in names or ():
        if name not in there:
            raise Unusable(f"no table is called {name!r}; there are {', '.join(there)}")


async def _streams(known: dict[str, ServiceTables], source: EventStream) -> list[StreamReport]:
    found: list[StreamReport] = []
    with progress() as move:
        async for result in verify_stream(known, source):
            if isinstance(result, StreamReport):
                found.append(result)
            else:
                move("the stream", *result)
    return found


async def _tables(
    service: str, tables: ServiceTables, names: list[str] | None, source: EventStream
) -> tuple[list[TableReport], list[str]]:
    """Compare a service's tables; tables that could not be compared are reported at the end."""
    found: list[TableReport] = []
    failed: list[str] = []
    with fold_progress(service) as report:
        for table in tables.all:
            if names and table.name not in names:
                continue
            try:
                found.append(await verify_table(tables, table, stream=source, report=report))
            except (FoldFailed, StreamIncomplete, TablesBusy, OutdatedTables) as error:
                failed.append(f"{service}: {table.name} was not compared: {error}")
    return found, failed


def _plain(streams: list[StreamReport]) -> list[object]:
    return [
        {
            "service": one.service,
            "compared": one.compared,
            "waiting": one.waiting,
            "counts": {str(fault): count for fault, count in one.counts.items()},
            "findings": [plain(finding) for finding in one.findings],
        }
        for one in streams
    ]


def print_reports(streams: list[StreamReport], folded: list[TableReport]) -> None:
    """Print the result of the comparison."""
    console = screen()
    for one in streams:
        waits = f", {one.waiting:,} still to be relayed" if one.waiting else ""
        console.print(
            f"{'✓' if one.sound else '✗'} {one.service}: {one.compared:,} events on the stream{waits}"
        )
        for fault, count in one.counts.items():
            console.print(f"    {fault}: {count:,}")
        for finding in one.findings:
            place = "" if finding.sequence is None else f" at {finding.sequence}"
            event = finding.event or "unknown"
            detail = f"({finding.detail})".split()
            stream = finding.stream or "no stream"
            console.items(f"{finding.fault}{place}:", stream, str(event), *detail, indent=6, gap=" ")
    for report in folded:
        rows = sum(table.rows for table in report.tables)
        name = f"{report.service}: {report.name} v{report.version}"
        console.print(f"{'✓' if report.sound else '✗'} {name}, {report.events:,} events, {rows:,} rows")
        for table in report.tables:
            if table.missing or table.surplus:
                console.print(
                    f"    {table.table}: {table.missing:,} rows missing, {table.surplus:,} too many"
                )
            for example in table.examples:
                console.items(f"{example['is']}:", *field_texts(plain(example["row"])), indent=6)
