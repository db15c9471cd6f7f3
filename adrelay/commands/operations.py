"""`adrelay operations`: what waits or went wrong, and the switches that hold for all adbots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.commands.forwarding import sessions, show
from adrelay.commands.notices import acknowledge, notices
from adrelay.servers.gateway import Gateway
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

operations = typer.Typer(
    name="operations",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Show what waits and what went wrong, pause all adbots, and block groups and channels.",
    epilog="The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused, 2 could not run.",
)

_SHOWN = 20
TargetArgument = Annotated[
    str, typer.Argument(metavar="GROUP", help="@name, a link or an id.", show_default=False)
]
SourceArgument = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="@name, a link or an id.", show_default=False)
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Stored for people.", show_default=False)]


operations.command("show")(show)
operations.command("sessions")(sessions)
operations.command("notices")(notices)
operations.command("acknowledge")(acknowledge)


@operations.command("list")
def list_(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List blocked groups and channels, the latest first, and say whether all adbots are paused."""
    carry_out(lambda: _call(env_file, "", None, json=json))


@operations.command("pause")
def pause(
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Pause all adbots. After the pause each has one cycle for those that it missed."""
    carry_out(lambda: _call(env_file, "/pause", {"reason": reason}, json=json))


@operations.command("resume")
def resume(
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """End the pause of all adbots."""
    carry_out(lambda: _call(env_file, "/resume", {"reason": reason}, json=json))


@operations.command("block-target")
def block_target(
    group: TargetArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Leave a group alone: no adbot posts there again, or in its topics."""
    carry_out(lambda: _call(env_file, "/targets/block", {"chat": group, "reason": reason}, json=json))


@operations.command("unblock-target")
def unblock_target(
    group: TargetArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let adbots that name a group post there again."""
    carry_out(lambda: _call(env_file, "/targets/unblock", {"chat": group, "reason": reason}, json=json))


@operations.command("block-source")
def block_source(
    channel: SourceArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Forward no post of a channel. Adbots that send one stop."""
    carry_out(lambda: _call(env_file, "/sources/block", {"chat": channel, "reason": reason}, json=json))


@operations.command("unblock-source")
def unblock_source(
    channel: SourceArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let adbots send posts of a channel again. This starts none."""
    carry_out(lambda: _call(env_file, "/sources/unblock", {"chat": channel, "reason": reason}, json=json))


async def _call(env_file: Path, act: str, body: Mapping[str, object] | None, *, json: bool) -> Exit:
    path = f"operations{act}"
    async with Gateway(env_file) as gateway:
        found = await (gateway.get(path) if body is None else gateway.send("POST", path, body))
    if json:
        print_json(found)
    else:
        print_operations(found)
    return Exit.OK


def print_operations(found: dict[str, Any]) -> None:
    """Print whether all adbots are paused, and a line for each of the latest blocks."""
    from adrelay.commands.orders.pictures import moment
    from adrelay.terminal.screen import Table

    blocks = [("target", one) for one in found["blocked_targets"]]
    blocks += [("source", one) for one in found["blocked_sources"]]
    blocks.sort(key=lambda block: block[1]["since"], reverse=True)
    pause_, run = found["pause"], "adbots run"
    if pause_ is not None:
        run = f"all adbots are paused since {moment(pause_['since'])}: {pause_['reason']}"
    screen().print(run if blocks else f"{run}; nothing is blocked" if pause_ is None else run, markup=False)
    if not blocks:
        return
    table = Table("blocked", "chat", "since", "reason")
    for kind, block in blocks[:_SHOWN]:
        table.add(kind, block["chat"], moment(block["since"]), block["reason"])
    screen().table(table)
    if len(blocks) > _SHOWN:
        screen().print(f"and {len(blocks) - _SHOWN} more; --json lists all")
