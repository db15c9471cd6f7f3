"""The options of `adrelay events republish`, `strip-addresses`, `rebase`, `export` and `import`."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.events.options import ServiceArgument, ServicesOption
from adrelay.servers.options import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    ScratchOption,
    ServerOptions,
    YesOption,
)
from adrelay.terminal.outcome import Exit, Unusable, carry_out

AnewOption = Annotated[bool, typer.Option("--anew", help="Delete the stream first, as when it has a gap.")]
ImportAnewOption = Annotated[
    bool, typer.Option("--anew", help="Delete the stream, which holds other events; relays fill it.")
]


def create_stream(data: DataOption = None, env_file: EnvFileOption = ENV_FILE) -> None:
    """Create the stream of events, unless it exists; one of an earlier version gets what it lacks.

    For a broker on which each service has a user of its own, before the services are started at first:
    ADRELAY_EVENTS_NATS_URL has the operator's user. `adrelay up` does it by itself. Exit codes: 0 the stream
    exists; 2 wrong usage, or a server that does not answer or forbids it.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.creating import create

        return create(ServerOptions(data, env_file))

    carry_out(work)


def republish(
    anew: AnewOption = False,  # noqa: FBT002 - typer's way to say flag
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is missing.")] = False,  # noqa: FBT002
    yes: YesOption = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Publish the stores' events that the stream lacks, after counting them and asking.

    Where services run, their relays publish, and this command waits for them. Readers know their checkpoints,
    so nothing is handled twice. Exit codes: 0 the stream is complete, 1 it is not (events are missing in a
    dry run, or the answer was no); 2 wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.republish import republish_ as republishing

        return republishing(ServerOptions(data, env_file), anew=anew, dry=dry_run, yes=yes, json=json)

    carry_out(work)


def strip_addresses(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what holds an address.")] = False,  # noqa: FBT002 - typer's way to say flag
    yes: YesOption = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Remove e-mail addresses from events that earlier versions stored, once after an update.

    The gateway must have stored the addresses outside of events, which it does at its first start. Archived
    tables of earlier versions are dropped, so that nothing can be rolled back to them, and the stream is
    deleted and filled anew. Services may run. Exit codes: 0 done, 1 there are addresses in a dry run, or the
    answer was no; 2 a service was not started with this version yet, wrong usage or a server that does not
    answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.stripping import strip_addresses as stripping

        return stripping(ServerOptions(data, env_file), dry=dry_run, yes=yes, json=json)

    carry_out(work)


def rebase(
    service: ServiceArgument,
    yes: YesOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Move a restored store's next transaction ids behind those of all its events.

    Events are ordered by transaction id, and a younger cluster restarts these: an offset is added to the ids
    of all new events. Stored events are unchanged. The service must be stopped. Exit codes: 0 done, 1 the
    answer was no; 2 the service runs, wrong usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.rebase import rebase_ as rebasing

        return rebasing(ServerOptions(data, env_file), service, yes=yes, json=json)

    carry_out(work)


def export(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="A new file; without it, standard output.")
    ] = None,
    service: ServicesOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
    scratch: ScratchOption = None,
) -> None:
    """Write the services' events and their readers' checkpoints, as a consistent snapshot.

    A file appears under its name only when it is complete; --json then prints the counts. Events contain no
    secrets, and the forwarder's vault is not exported. Exit codes: 0 written, 1 there are no events, 2 wrong
    usage or a server that does not answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.export import export as exporting

        if output is None and json:
            raise Unusable("--json goes with --output only: the export itself is JSON")
        if output is not None and output.exists():
            raise Unusable(f"{output} exists already")
        return exporting(ServerOptions(data, env_file, scratch), output, service, json=json)

    carry_out(work)


def import_(
    file: Annotated[Path, typer.Argument(help="A file written by `export`.", show_default=False)],
    into: Annotated[
        str | None,
        typer.Option(help="Import into new scratch databases with the names NAME_<service>."),
    ] = None,
    service: ServicesOption = None,
    anew: ImportAnewOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Import exported events into empty stores, in the same order, with the readers' checkpoints.

    The file is checked to its end first; each store is filled in one transaction, and all or none are
    committed. The stream must have no events of these services: their relays publish the imported ones.
    Tables are folded when the services start; effects outside the database are not repeated. Exit codes: 0
    imported, 2 the file is damaged, a store is not empty or its service runs, the stream is not empty, wrong
    usage or a server that does not answer; nothing was changed then.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.importing import import_ as importing

        return importing(ServerOptions(data, env_file), file, into, service, anew=anew, json=json)

    carry_out(work)
