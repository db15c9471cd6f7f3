"""`adrelay adbots advertise | pace | group-option | confirm-group`: what an owner sets, for the owner."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.commands.adbots.managing import picture
from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.asking import adbot_path, change, show
from adrelay.servers.gateway import Gateway, Refusal
from adrelay.servers.options import (
    ENV_FILE,
    DropOptionsOption,
    EnvFileOption,
    EveryOption,
    GroupArgument,
    GroupsFileOption,
    GroupsOption,
    JsonOption,
    PausedOption,
    groups_in,
)
from adrelay.terminal.outcome import Exit, Unusable, carry_out, remark

Order = Literal["in_turn", "random"]
TextFormat = Literal["plain", "markdown", "html"]


def advertise(  # noqa: PLR0913, PLR0917 - the parts of an advertisement
    adbot: AdbotArgument,
    post: Annotated[
        list[str] | None, typer.Option(help="A link or a text; several times for several posts.")
    ] = None,
    format_: Annotated[
        TextFormat | None, typer.Option("--format", help="The format of texts given by --post.")
    ] = None,
    order: Annotated[Order | None, typer.Option(help="Which of several posts a cycle sends.")] = None,
    group: GroupsOption = None,
    groups_file: GroupsFileOption = None,
    group_list: Annotated[
        list[str] | None, typer.Option("--list", help="A group list, by its id; several times for several.")
    ] = None,
    author: Annotated[
        bool | None, typer.Option("--author/--no-author", help="Forwarded posts name where they are from.")
    ] = None,
    skip_newest: Annotated[
        bool | None,
        typer.Option(
            "--skip-newest/--no-skip-newest", help="Leave out groups where the last post is newest."
        ),
    ] = None,
    delete_previous: Annotated[
        bool | None,
        typer.Option(
            "--delete-previous/--no-delete-previous", help="Delete the previous post once a new one stands."
        ),
    ] = None,
    drop_options: DropOptionsOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Set an adbot's posts, groups and options. What is not given stays as it is."""
    changed = {
        "posts": post,
        "order": order,
        "format": format_,
        "groups": groups_in(group, groups_file),
        "lists": group_list,
    }
    options = {"author": author, "skip_newest": skip_newest, "delete_previous": delete_previous}

    def edited(advertisement: Mapping[str, Any]) -> dict[str, object]:
        kept = {**advertisement, "options": {**advertisement["options"], **_given(options)}}
        return kept | _given(changed)

    carry_out(lambda: edit_advertisement(env_file, adbot, edited, drop_options=drop_options, json=json))


async def edit_advertisement(
    env_file: Path,
    adbot: str,
    edited: Callable[[Mapping[str, Any]], dict[str, object]],
    *,
    drop_options: bool,
    json: bool,
) -> Exit:
    """Set an adbot's advertisement to what `edited` makes of the present one, and print the adbot."""
    async with Gateway(env_file) as gateway:
        found: dict[str, Any] = (await gateway.get(adbot_path(adbot)))["advertisement"] or {}
        kept = {name: value for name, value in found.items() if name != "post"}
        body = edited({"posts": [], "groups": [], "lists": [], "options": {}, **kept})
        if drop_options:
            body["group_options"] = []
        if not body["posts"]:
            raise Unusable("the adbot has no post yet: give one by `adrelay adbots advertise ADBOT --post`")
        try:
            answer = await gateway.send("PUT", f"{adbot_path(adbot)}/advertisement", body)
        except Refusal as refusal:
            if refusal.reason == "unknown_group":
                remark("these have options: --drop-options removes the options of all groups")
            raise
        show(answer, picture, json=json)
    return Exit.OK


def pace(  # noqa: PLR0913, PLR0917 - the parts of a pacing
    adbot: AdbotArgument,
    delay: Annotated[float | None, typer.Option(help="Seconds between two sends of a session.")] = None,
    jitter: Annotated[float | None, typer.Option(help="The most seconds added to a delay at random.")] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="The zone of all times of day, such as Europe/Berlin.")
    ] = None,
    quiet: Annotated[
        str | None, typer.Option(help="When no cycle begins: 22:00-07:00.", metavar="FROM-TO")
    ] = None,
    at: Annotated[
        list[str] | None,
        typer.Option(
            help="When cycles are due instead of at the interval: mon,tue/09:30,18:00 or daily/12:00; "
            "several times for several.",
            metavar="DAYS/TIMES",
        ),
    ] = None,
    starts: Annotated[
        str | None, typer.Option(help="No cycle is due before: ISO 8601 with an offset.")
    ] = None,
    ends: Annotated[str | None, typer.Option(help="The adbot stops then: likewise.")] = None,
    reset: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--reset", help="Begin from nothing set, instead of from what is.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Set when an adbot's cycles are due and how fast it sends. What is not given stays as it is."""
    from adrelay.commands.adbots.cadence import quiet_hours, timetable

    changed = _given(
        {
            "delay_seconds": delay,
            "jitter_seconds": jitter,
            "time_zone": time_zone,
            "quiet_hours": quiet_hours(quiet),
            "timetable": timetable(at),
            "starts_at": starts,
            "ends_at": ends,
        }
    )
    carry_out(lambda: _pace(env_file, adbot, changed, reset=reset, json=json))


async def _pace(
    env_file: Path, adbot: str, changed: Mapping[str, object], *, reset: bool, json: bool
) -> Exit:
    async with Gateway(env_file) as gateway:
        kept: dict[str, Any] = {} if reset else (await gateway.get(adbot_path(adbot)))["pacing"]
        answer = await gateway.send("PUT", f"{adbot_path(adbot)}/pacing", {**kept, **changed})
        show(answer, picture, json=json)
    return Exit.OK


def group_option(
    adbot: AdbotArgument,
    group: GroupArgument,
    paused: PausedOption = False,  # noqa: FBT002 - typer's way to say flag
    every: EveryOption = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Pause one group of an adbot, let it take part less often, or without options again in each cycle."""
    body: dict[str, object] = {"group": group, "paused": paused, "every_seconds": every}
    change(env_file, "PUT", f"{adbot_path(adbot)}/groups/options", picture, json=json, body=body)


def confirm_group(
    adbot: AdbotArgument,
    group: GroupArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Ask a group again in the next cycle that refused an adbot's seats, or was gone."""
    body: dict[str, object] = {"group": group}
    change(env_file, "POST", f"{adbot_path(adbot)}/groups/confirm", picture, json=json, body=body)


def _given(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
