"""`adrelay group-lists assign | unassign`: which adbots send to the groups of a list."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.adbots.settings import edit_advertisement
from adrelay.servers.options import ENV_FILE, DropOptionsOption, EnvFileOption, JsonOption
from adrelay.terminal.outcome import carry_out

ListArgument = Annotated[
    str, typer.Argument(metavar="LIST", help="The list's id, as listed.", show_default=False)
]


def assign(
    group_list: ListArgument,
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let an adbot send to the groups of a list too, from its next cycle on."""
    wanted = list_id(group_list)

    def edited(lists: Sequence[str]) -> list[str]:
        return [*(one for one in lists if one != wanted), wanted]

    _edit(env_file, adbot, edited, json=json)


def unassign(
    group_list: ListArgument,
    adbot: AdbotArgument,
    drop_options: DropOptionsOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let an adbot no longer send to the groups of a list, from its next cycle on."""
    wanted = list_id(group_list)

    def edited(lists: Sequence[str]) -> list[str]:
        return [one for one in lists if one != wanted]

    _edit(env_file, adbot, edited, drop_options=drop_options, json=json)


def list_id(text: str) -> str:
    """Return a pasted id of a list."""
    from libs.chassis.pasted import pasted

    return pasted(text)


def _edit(
    env_file: Path,
    adbot: str,
    edited: Callable[[Sequence[str]], list[str]],
    *,
    drop_options: bool = False,
    json: bool,
) -> None:
    def with_lists(advertisement: Mapping[str, Any]) -> dict[str, object]:
        return {**advertisement, "lists": edited(advertisement["lists"])}

    carry_out(lambda: edit_advertisement(env_file, adbot, with_lists, drop_options=drop_options, json=json))
