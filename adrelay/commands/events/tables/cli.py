"""The options of `adrelay events verify`, `tables`, `rebuild`, `rollback` and `retire`."""

from collections.abc import Coroutine
from typing import Annotated

import typer

from adrelay.commands.events.options import (
    ServiceArgument,
    ServicesOption,
    TableArgument,
    TablesArgument,
    TablesOption,
)
from adrelay.servers.options import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    ServerOptions,
    YesOption,
)
from adrelay.terminal.outcome import Exit, carry_out

AgainOption = Annotated[
    bool, typer.Option("--again", help="Discard the shadow tables of an interrupted rebuild.")
]
BuildOnlyOption = Annotated[
    bool,
    typer.Option(
        "--build-only", help="Leave the shadow tables for the next rebuild or start of the service."
    ),
]
DropOption = Annotated[bool, typer.Option("--drop-kept", help="Drop archived and unfinished shadow tables.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")]


def verify(
    service: ServicesOption = None,
    table: TablesOption = None,
    stream: Annotated[bool, typer.Option(help="Compare the stores with the stream.")] = True,  # noqa: FBT002 - typer's way to say flag
    tables: Annotated[bool, typer.Option(help="Compare the tables with a fresh fold.")] = True,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Compare the stores with the stream (gaps, repeats, order, content), and tables with a fresh fold.

    The services keep running; each is blocked for a moment per table, which is folded into a scratch schema
    that is dropped again. Nothing else is changed. Exit codes: 0 no differences, 1 differences, or something
    could not be compared; 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.tables.verify import verify as comparing

        return comparing(
            ServerOptions(data, env_file), service, table, stream=stream, tables=tables, json=json
        )

    carry_out(work)


def tables(
    service: ServicesOption = None,
    drop_kept: DropOption = False,  # noqa: FBT002 - typer's way to say flag
    yes: YesOption = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the tables that services fold, and their shadow tables.

    Exit codes: 0 done, 1 the answer was no, or tables are being built; 2 wrong usage or a server that does
    not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.tables.listing import tables as listing

        return listing(ServerOptions(data, env_file), service, drop=drop_kept, yes=yes, json=json)

    carry_out(work)


def rebuild(  # noqa: PLR0913, PLR0917 - each is an option
    service: ServiceArgument,
    table: TableArgument,
    again: AgainOption = False,  # noqa: FBT002 - typer's way to say flag
    build_only: BuildOnlyOption = False,  # noqa: FBT002
    dry_run: DryRunOption = False,  # noqa: FBT002
    yes: YesOption = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Fold a table anew from all events into shadow tables, and swap it in.

    The service keeps running; it is blocked for a moment during the swap. The old table is archived, see
    `rollback`. If interrupted, the same command resumes. Effects outside the database are not repeated: only
    tables are folded. Exit codes: 0 done, 1 stopped before the end, or the answer was no; 2 no such table,
    wrong usage or a server that does not answer. Unless it is 0, the old table stays in use.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.tables.rebuild import rebuild as rebuilding

        servers = ServerOptions(data, env_file)
        return rebuilding(
            servers, service, table, again=again, swap=not build_only, dry=dry_run, yes=yes, json=json
        )

    carry_out(work)


def rollback(
    service: ServiceArgument,
    table: TablesArgument,
    yes: YesOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Catch up archived tables of this program's version and swap them in.

    To go back to an older version of the service, run this with the older program, then start it.
    Exit codes: 0 done, 1 no version of it is archived, it stopped before the end, or the answer was no;
    2 no such table, wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.tables.listing import rollback as rolling_back

        return rolling_back(ServerOptions(data, env_file), service, table, yes=yes, json=json)

    carry_out(work)


def retire(
    service: ServiceArgument,
    table: TableArgument,
    yes: YesOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Stop folding a table that this version of the service does not know any more; it is archived.

    Programs that still fold it stop. Exit codes: 0 done, 1 no such table is in use, tables are being built,
    or the answer was no; 2 this version still folds it, wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.tables.listing import retire as retiring

        return retiring(ServerOptions(data, env_file), service, table, yes=yes, json=json)

    carry_out(work)
