"""`adrelay activity`: what operators did."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.asking import Parameters, given, show_list
from adrelay.servers.gateway import Gateway
from adrelay.servers.options import (
    ENV_FILE,
    GATEWAY_EPILOG,
    EnvFileOption,
    JsonOption,
    LimitOption,
    SinceOption,
    TextOption,
    UntilOption,
)
from adrelay.terminal.listing import Column, Form
from adrelay.terminal.moments import instant
from adrelay.terminal.outcome import Exit, carry_out, screen

activity = typer.Typer(
    name="activity",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List and export what operators did.",
    epilog=GATEWAY_EPILOG,
)

ActorOption = Annotated[
    str | None, typer.Option(help="Only of this operator, such as admin:<account>.", show_default=False)
]
OperationOption = Annotated[
    str | None, typer.Option(help="Only this operation, such as suspend_account.", show_default=False)
]
_ACTS = (
    Column("at (UTC)", "at", Form.MOMENT),
    Column("by", "actor"),
    Column("from", "address"),
    Column("operation", "operation"),
    Column("outcome", "outcome", Form.STATE),
    Column("correlation id", "correlation_id"),
    Column("path", "path"),
)


@activity.command("list")
def list_(
    actor: ActorOption = None,
    operation: OperationOption = None,
    text: TextOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 50,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List what operators did, the latest first. `adrelay events trace` shows what came of an act."""
    show_list(
        env_file,
        "activity",
        _ACTS,
        nothing="no operator did anything of the kind",
        json=json,
        parameters=_wanted(actor, operation, text, since, until),
        most=limit,
    )


@activity.command("export")
def export(
    output: Annotated[
        Path | None, typer.Option(help="A file to write, instead of standard output.", show_default=False)
    ] = None,
    actor: ActorOption = None,
    operation: OperationOption = None,
    text: TextOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Export what operators did as CSV, the latest 100,000 lines at most."""
    wanted = _wanted(actor, operation, text, since, until)
    carry_out(lambda: _export(env_file, output, wanted))


async def _export(env_file: Path, output: Path | None, wanted: Parameters) -> Exit:
    import asyncio

    async with Gateway(env_file) as gateway:
        text = await gateway.text("activity/export", wanted)
    if output is not None:
        await asyncio.to_thread(output.write_text, text, newline="")
    elif sys.stdout.isatty():
        for line in text.splitlines():
            screen().say(line)
    else:
        sys.stdout.write(text)
    return Exit.OK


def _wanted(
    actor: str | None, operation: str | None, text: str | None, since: str | None, until: str | None
) -> Parameters:
    return given(actor=actor, operation=operation, text=text, from_=instant(since), to=instant(until))
