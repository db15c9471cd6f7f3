"""`adrelay operations notices | acknowledge`: what went wrong, and what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.asking import change, id_part
from adrelay.servers.gateway import Gateway
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.listing import Item
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
    path = f"notices/{id_part(notice)}/acknowledge"
    change(env_file, "POST", path, lambda found: print_notices([found]), json=json, body={})


async def _notices(env_file: Path, *, all_: bool, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = (await gateway.items("notices", {"all": "true"} if all_ else None)).items
    if json:
        print_json(found)
    else:
        print_notices(found)
    return Exit.OK


def _state(notice: Item) -> str:
    return "over" if notice["cleared_at"] else "acknowledged" if notice["acknowledged_at"] else "open"


def print_notices(found: Sequence[Item]) -> None:
    """Print a few lines for each notice."""
    from adrelay.terminal.moments import moment
    from adrelay.terminal.states import state

    console = screen()
    if not found:
        console.say("nothing is open")
    for one in found:
        console.items(moment(one["raised_at"]), state(_state(one)), one["title"])
        for text in (one["detail"], one["advice"], f"id {one['id']}"):
            console.say(f"  {text}")
