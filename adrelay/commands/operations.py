"""`adrelay operations`: what waits or went wrong, and the switches that hold for all adbots."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.commands.asking import change, given, show_list, show_one
from adrelay.commands.following import follow
from adrelay.commands.forwarding import sessions, show
from adrelay.commands.notices import acknowledge, notices
from adrelay.commands.periods import periods
from adrelay.servers.options import (
    ENV_FILE,
    GATEWAY_EPILOG,
    EnvFileOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    TextOption,
)
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.outcome import screen

operations = typer.Typer(
    name="operations",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Show what waits and went wrong, follow changes, pause all adbots, block groups and channels.",
    epilog=GATEWAY_EPILOG,
)

_SHOWN = 20
TargetArgument = Annotated[
    str, typer.Argument(metavar="GROUP", help="@name, a link or an id.", show_default=False)
]
SourceArgument = Annotated[
    str, typer.Argument(metavar="CHANNEL", help="@name, a link or an id.", show_default=False)
]


operations.command("show")(show)
operations.command("follow")(follow)
operations.command("sessions")(sessions)
operations.command("periods")(periods)
operations.command("notices")(notices)
operations.command("acknowledge")(acknowledge)


@operations.command("list")
def list_(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List blocked groups and channels, the latest first, and say whether all adbots are paused."""
    show_one(env_file, "operations", print_operations, json=json)


@operations.command("targets")
def targets(
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the groups that are left alone, the latest blocked first."""
    nothing = "no such group is blocked: see `adrelay operations block-target`"
    _blocks(env_file, "targets", nothing, text, limit, json=json)


@operations.command("sources")
def sources(
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the channels of which no post is sent, the latest blocked first."""
    nothing = "no such channel is blocked: see `adrelay operations block-source`"
    _blocks(env_file, "sources", nothing, text, limit, json=json)


def _blocks(env_file: Path, what: str, nothing: str, text: str | None, limit: int, *, json: bool) -> None:
    show_list(
        env_file,
        f"operations/{what}",
        _BLOCKS,
        nothing=nothing,
        json=json,
        parameters=given(text=text),
        most=limit,
    )


@operations.command("pause")
def pause(
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Pause all adbots. After the pause each has one cycle for those that it missed."""
    _switch(env_file, "/pause", {"reason": reason}, json=json)


@operations.command("resume")
def resume(
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """End the pause of all adbots."""
    _switch(env_file, "/resume", {"reason": reason}, json=json)


@operations.command("block-target")
def block_target(
    group: TargetArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Leave a group alone: no adbot posts there again, or in its topics."""
    _switch(env_file, "/targets/block", {"chat": group, "reason": reason}, json=json)


@operations.command("unblock-target")
def unblock_target(
    group: TargetArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let adbots that name a group post there again."""
    _switch(env_file, "/targets/unblock", {"chat": group, "reason": reason}, json=json)


@operations.command("block-source")
def block_source(
    channel: SourceArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Forward no post of a channel. Adbots that send one stop."""
    _switch(env_file, "/sources/block", {"chat": channel, "reason": reason}, json=json)


@operations.command("unblock-source")
def unblock_source(
    channel: SourceArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let adbots send posts of a channel again. This starts none."""
    _switch(env_file, "/sources/unblock", {"chat": channel, "reason": reason}, json=json)


def _switch(env_file: Path, act: str, body: Mapping[str, object], *, json: bool) -> None:
    change(env_file, "POST", f"operations{act}", print_operations, json=json, body=body)


_BLOCKS = (Column("chat", "chat"), Column("since", "since", Form.MOMENT), Column("reason", "reason"))
_ALL_BLOCKS = (Column("blocked", "kind"), *_BLOCKS)


def print_operations(found: dict[str, Any]) -> None:
    """Print whether all adbots are paused, and a line for each of the latest blocks."""
    from adrelay.terminal.moments import moment

    blocks: list[Item] = [{**one, "kind": "target"} for one in found["blocked_targets"]]
    blocks += [{**one, "kind": "source"} for one in found["blocked_sources"]]
    blocks.sort(key=lambda block: str(block["since"]), reverse=True)
    pause_, run = found["pause"], "adbots run"
    if pause_ is not None:
        run = f"all adbots are paused since {moment(pause_['since'])}: {pause_['reason']}"
    screen().say(run if blocks else f"{run}; nothing is blocked" if pause_ is None else run)
    if blocks:
        print_list(blocks[:_SHOWN], _ALL_BLOCKS)
    if len(blocks) > _SHOWN:
        screen().say(f"and {len(blocks) - _SHOWN} more; --json lists all")
