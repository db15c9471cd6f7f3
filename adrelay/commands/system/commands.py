"""`adrelay system`: health, dead letters and tables of all services, through the gateway."""

from typing import Annotated

import typer

from adrelay.commands.asking import change, show_one
from adrelay.commands.system.pictures import (
    any_blocked,
    not_well,
    print_blocked_streams,
    print_dropped,
    print_health,
    print_letters,
    print_plan,
    print_rebuild,
    print_retried,
    print_tables,
)
from adrelay.servers.gateway import path_part
from adrelay.servers.options import (
    ENV_FILE,
    GATEWAY_EPILOG,
    EnvFileOption,
    JsonOption,
    ReasonOption,
)

system = typer.Typer(
    name="system",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Show the health of all services, retry and drop dead letters, rebuild tables.",
    epilog=GATEWAY_EPILOG,
)

ServiceArgument = Annotated[str, typer.Argument(metavar="SERVICE", show_default=False)]
TableArgument = Annotated[str, typer.Argument(metavar="TABLE", show_default=False)]
ReaderArgument = Annotated[str, typer.Argument(metavar="READER", show_default=False)]
SourceArgument = Annotated[
    str, typer.Argument(metavar="SOURCE", help="The service whose events they are.", show_default=False)
]
StreamArgument = Annotated[str, typer.Argument(metavar="STREAM", show_default=False)]


@system.command("health")
def health(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show how services, relays, readers and the broker do, and what waits to be done.

    Exit codes: 0 all is well, 1 a service or the broker does not answer, or a service has a problem; 2 wrong
    usage or a gateway that does not answer.
    """
    show_one(env_file, "health", print_health, json=json, trouble=not_well)


@system.command("dead-letters")
def dead_letters(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the streams that are blocked by a dead letter.

    Exit codes: 0 there is no dead letter, 1 there is one, or a service does not answer; 2 wrong usage or a
    gateway that does not answer.
    """
    show_one(env_file, "dead-letters", print_blocked_streams, json=json, trouble=any_blocked)


@system.command("dead-letter")
def dead_letter(
    service: ServiceArgument,
    reader: ReaderArgument,
    source: SourceArgument,
    stream: StreamArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show the dead letters of a blocked stream with their errors and contents."""
    parameters = {"service": service, "reader": reader, "source": source, "stream": stream}
    show_one(env_file, "dead-letters/stream", print_letters, json=json, parameters=parameters)


@system.command("retry")
def retry(
    service: ServiceArgument,
    reader: ReaderArgument,
    source: SourceArgument,
    stream: StreamArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Ask a reader to retry a blocked stream."""
    body = {"service": service, "reader": reader, "source": source, "stream": stream, "reason": reason}
    change(env_file, "POST", "dead-letters/retry", print_retried, json=json, body=body)


@system.command("retry-all")
def retry_all(
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Ask all readers to retry all their blocked streams."""
    body = {"reason": reason}
    change(env_file, "POST", "dead-letters/retry-all", print_retried, json=json, body=body)


@system.command("drop")
def drop(  # noqa: PLR0913, PLR0917 - what names a dead letter
    service: ServiceArgument,
    reader: ReaderArgument,
    source: SourceArgument,
    stream: StreamArgument,
    event: Annotated[str, typer.Argument(metavar="EVENT", help="Its id.", show_default=False)],
    reason: ReasonOption,
    rest: Annotated[bool, typer.Option("--rest", help="All dead letters behind it as well.")] = False,  # noqa: FBT002
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Drop a dead letter: its reader will never handle the event."""
    body = {"service": service, "reader": reader, "source": source, "stream": stream, "reason": reason}
    more = {"event": event, "rest": rest}
    change(env_file, "POST", "dead-letters/drop", print_dropped, json=json, body=body | more)


@system.command("tables")
def tables(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the tables that services fold from events, and their rebuilds."""
    show_one(env_file, "tables", print_tables, json=json)


@system.command("plan")
def plan(
    service: ServiceArgument,
    table: TableArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show what a rebuild of a table would do."""
    show_one(env_file, f"tables/{path_part(service)}/{path_part(table)}", print_plan, json=json)


@system.command("rebuild")
def rebuild(
    service: ServiceArgument,
    table: TableArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Rebuild a table while its service goes on; `tables` shows the progress."""
    path = f"tables/{path_part(service)}/{path_part(table)}/rebuild"
    change(env_file, "POST", path, print_rebuild, json=json, body={"reason": reason})
