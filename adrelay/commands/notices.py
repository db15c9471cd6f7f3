"""`adrelay operations notices | acknowledge`: what went wrong, and what to do."""

from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

NoticeArgument = Annotated[
    str, typer.Argument(metavar="ID", help="A notice's id, as listed.", show_default=False)
]


def notices(
    all_: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--all", help="Also those of the last 90 days that are over or acknowledged.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List what went wrong and what to do, the latest first."""
    carry_out(lambda: _notices(env_file, all_=all_, json=json))


def acknowledge(
    notice: NoticeArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Mark a notice as seen: it is no longer listed as open."""
    carry_out(lambda: _acknowledge(env_file, notice, json=json))


async def _notices(env_file: Path, *, all_: bool, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = (await gateway.items("notices", {"all": "true"} if all_ else None)).items
    if json:
        print_json(found)
    else:
        print_notices(found)
    return Exit.OK


async def _acknowledge(env_file: Path, notice: str, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = await gateway.send("POST", f"notices/{path_part(notice)}/acknowledge", {})
    if json:
        print_json(found)
    else:
        print_notices([found])
    return Exit.OK


def print_notices(found: list[dict[str, Any]]) -> None:
    """Print a few lines for each notice."""
    from adrelay.commands.orders.pictures import moment

    if not found:
        screen().print("nothing is open")
    for one in found:
        state = "over" if one["cleared_at"] else "acknowledged" if one["acknowledged_at"] else "open"
        screen().print(f"{moment(one['raised_at'])}  {one['title']} ({state})", markup=False)
        screen().print(f"  {one['detail']}", markup=False)
        screen().print(f"  {one['advice']}", markup=False)
        screen().print(f"  id {one['id']}", markup=False)
