"""`adrelay group-lists list | show | create | change | option | delete`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.commands.accounts.private_ids import AccountArgument
from adrelay.commands.asking import account_path, change, given, id_part, remove, show, show_list, show_one
from adrelay.commands.group_lists.assigning import ListArgument
from adrelay.servers.gateway import Gateway, Upload
from adrelay.servers.options import (
    ENV_FILE,
    EnvFileOption,
    EveryOption,
    GroupArgument,
    GroupsFileOption,
    GroupsOption,
    JsonOption,
    LimitOption,
    PausedOption,
    TextOption,
)
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.outcome import Exit, Unusable, carry_out

_MOST_BYTES = 512 * 1024
_LISTS = (
    Column("list", "id"),
    Column("name", "name"),
    Column("groups", "group_count", Form.AMOUNT),
    Column("adbots", lambda line: len(line["adbots"]), Form.COUNT),
    Column("made", "made_at", Form.MOMENT),
    Column("changed", "changed_at", Form.MOMENT),
)
_GROUPS = (
    Column("group", "group"),
    Column("is", "is", Form.STATE),
    Column("every", "every", Form.AMOUNT),
)


def list_lists(
    account: AccountArgument,
    adbot: Annotated[
        str | None, typer.Option(help="Only lists that this adbot uses, by its id.", show_default=False)
    ] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an account's group lists, the oldest first."""
    show_list(
        env_file,
        f"{account_path(account)}/group-lists",
        _LISTS,
        nothing="no such group list: see `adrelay group-lists create`",
        json=json,
        parameters=given(adbot=adbot, text=text),
        most=limit,
    )


def show_(
    account: AccountArgument,
    group_list: ListArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show a group list: its groups, what differs for single ones, and the adbots that use it."""
    show_one(env_file, _path(account, group_list), print_group_list, json=json)


def create(
    account: AccountArgument,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The list's name.", show_default=False)],
    group: GroupsOption = None,
    groups_file: GroupsFileOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Make a group list of an account, of single groups or of a text or CSV file.

    Of several columns of a file the first has the groups.
    """
    path = f"{account_path(account)}/group-lists"
    if groups_file is None:
        body: dict[str, object] = {"name": name, "groups": group or []}
        change(env_file, "POST", path, print_group_list, json=json, body=body)
    else:
        upload = _file(group, groups_file)
        carry_out(lambda: _import(env_file, f"{path}/import", name, upload, json=json))


async def _import(env_file: Path, path: str, name: str, upload: Upload, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        made = await gateway.upload("POST", path, upload, parameters={"name": name})
    show(made, print_group_list, json=json)
    return Exit.OK


def change_list(
    account: AccountArgument,
    group_list: ListArgument,
    name: Annotated[str | None, typer.Option(help="Another name.", show_default=False)] = None,
    group: GroupsOption = None,
    groups_file: GroupsFileOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Give a group list another name, or other groups in place of all that it has.

    Groups that stay keep their options. Adbots that use it send to its groups from their next cycle on.
    """
    if name is None and not group and groups_file is None:
        raise typer.BadParameter("give --name, --group or --groups-file")
    upload = _file(group, groups_file) if group or groups_file else None
    carry_out(lambda: _change(env_file, _path(account, group_list), name, upload, json=json))


async def _change(env_file: Path, path: str, name: str | None, upload: Upload | None, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        if upload is not None:
            found = await gateway.upload("PUT", f"{path}/import", upload)
        else:
            found = await gateway.get(path)
        if name is not None:
            body = {"name": name, "groups": found["groups"], "group_options": found["group_options"]}
            found = await gateway.send("PUT", path, body)
    show(found, print_group_list, json=json)
    return Exit.OK


def option(
    account: AccountArgument,
    group_list: ListArgument,
    group: GroupArgument,
    paused: PausedOption = False,  # noqa: FBT002 - typer's way to say flag
    every: EveryOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Pause one group for all adbots that use a list, let it take part less often, or in each cycle again."""
    body: dict[str, object] = {"group": group, "paused": paused, "every_seconds": every}
    path = f"{_path(account, group_list)}/groups/options"
    change(env_file, "PUT", path, print_group_list, json=json, body=body)


def delete(
    account: AccountArgument,
    group_list: ListArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Delete a group list. Adbots that use it no longer send to its groups; without any other, they stop."""
    remove(env_file, _path(account, group_list), f"group list {group_list.strip()} is deleted", json=json)


def _path(account: str, group_list: str) -> str:
    return f"{account_path(account)}/group-lists/{id_part(group_list)}"


def _file(groups: Sequence[str] | None, file: Path | None) -> Upload:
    """Return the file to upload; single groups are lines before it."""
    from adrelay.terminal.inputs import read_input

    content = b"" if file is None else read_input(file, _MOST_BYTES)
    if groups and file is not None:
        raise Unusable("give either --group or --groups-file")
    return "groups.csv", content or "\n".join(groups or ()).encode(), "text/csv"


def print_group_list(found: dict[str, Any]) -> None:
    """Print a group list, and a line for each group."""
    from adrelay.terminal.facts import print_facts
    from adrelay.terminal.moments import moment

    facts = {
        "list": (found["id"],),
        "name": (found["name"],),
        "groups": (str(found["group_count"]),),
        "adbots": found["adbots"],
        "changed": (moment(found["changed_at"]),),
    }
    print_facts(facts)
    options = {one["group"]: one for one in found["group_options"]}
    lines = [_line(group, options.get(group), found["blocked_groups"]) for group in found["groups"]]
    print_list(lines, _GROUPS, "no group")


def _line(group: str, option: Item | None, blocked: Sequence[str]) -> Item:
    state = "blocked" if group in blocked else "paused" if option and option["paused"] else ""
    every = f"{option['every_seconds']} s" if option and option["every_seconds"] else ""
    return {"group": group, "is": state, "every": every}
