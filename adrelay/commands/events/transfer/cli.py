"""`adrelay events republish`, `rebase`, `export` and `import`: their options."""

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.events.options import ServiceArgument, ServicesOption, YesOption
from adrelay.servers.options import (
    ENV_FILE,
    DataOption,
    EnvFileOption,
    JsonOption,
    ScratchOption,
    ServerOptions,
)
from adrelay.terminal.outcome import Exit, Unusable, carry_out

AnewOption = Annotated[
    bool, typer.Option("--anew", help="Delete the stream first, as when it lost something in its middle.")
]
ImportAnewOption = Annotated[
    bool, typer.Option("--anew", help="Delete the stream, which holds other events; relays fill it.")
]


def republish(
    anew: AnewOption = False,  # noqa: FBT002 - typer's way to say flag
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is missing.")] = False,  # noqa: FBT002
    yes: YesOption = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Put on the stream what the stores hold and it lacks, after counting it and asking.

    Where services run, their relays do this by themselves, and this waits for them. Readers know what they
    have handled, so nothing is done a second time. Exit codes: 0 the stream holds everything, 1 it does not
    (a dry run that found something missing, or the answer was no); 2 wrong usage or a server that does not
    answer.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.republish import republish_ as republishing

        return republishing(ServerOptions(data, env_file), anew=anew, dry=dry_run, yes=yes, json=json)

    carry_out(work)


def rebase(
    service: ServiceArgument,
    yes: YesOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Raise a restored store's transaction numbers above those of its events and of the stream.

    Events are ordered by the transaction that wrote them, and a younger cluster begins to count anew; this
    adds what is lacking to every number from now on. No event is changed. The service must be stopped.
    Exit codes: 0 done, 1 the answer was no; 2 the service runs, wrong usage or a server that does not answer.
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
    """Write the services' events, and how far their readers have come, as they were at one moment.

    A file appears under its name only when it is whole; --json then prints the counts. Secrets are not in
    events, and so not in the file: the forwarder's vault is no part of it. Exit codes: 0 written, 1 there
    are no events, 2 wrong usage or a server that does not answer.
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
    file: Annotated[Path, typer.Argument(help="What `export` wrote.", show_default=False)],
    into: Annotated[
        str | None,
        typer.Option(help="Import into scratch databases, made for it, that are called NAME_<service>."),
    ] = None,
    service: ServicesOption = None,
    anew: ImportAnewOption = False,  # noqa: FBT002 - typer's way to say flag
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

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.events.transfer.importing import import_ as importing

        return importing(ServerOptions(data, env_file), file, into, service, anew=anew, json=json)

    carry_out(work)
