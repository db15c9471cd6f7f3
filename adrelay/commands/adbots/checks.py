"""`adrelay adbots check-posts | post-checks | post-check`: what each seat can read and forward."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.asking import adbot_path, id_part, show, show_list, show_one
from adrelay.servers.gateway import Gateway, Refusal
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.outcome import Exit, carry_out

if TYPE_CHECKING:
    from collections.abc import Iterator

POLL_SECONDS = 1.0
LONGEST_SECONDS = 180.0
"""A check itself ends after two minutes."""

CHECKS = (
    Column("check", "id"),
    Column("is", "status", Form.STATE),
    Column("asked for", "requested_at", Form.MOMENT),
    Column("result", "summary"),
)
_FINDINGS = (
    Column("post", "post"),
    Column("session", "session"),
    Column("readable", "readable"),
    Column("forwardable", "forwardable"),
    Column("error", "error"),
)


def check_posts(
    adbot: AdbotArgument,
    posts: Annotated[
        list[str] | None,
        typer.Argument(metavar="[POST]...", help="Links to posts; else those of the advertisement."),
    ] = None,
    wait: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--wait/--no-wait", help="Wait for the answers, at most two minutes.")
    ] = True,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Let each seat look whether it can read posts and may forward them. Nothing is sent.

    Exit codes: 0 all can, 1 some can't or it was refused, 2 could not run.
    """
    carry_out(lambda: _check(env_file, adbot, posts or [], wait=wait, json=json))


def post_checks(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the last ten post checks of an adbot, the latest first."""
    nothing = "no post was checked: see `adrelay adbots check-posts`"
    show_list(env_file, f"{adbot_path(adbot)}/post-checks", CHECKS, nothing=nothing, json=json)


def post_check(
    adbot: AdbotArgument,
    check: Annotated[
        str, typer.Argument(metavar="CHECK", help="The check's id, as listed.", show_default=False)
    ],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show what each seat has found out in a post check."""
    show_one(env_file, f"{adbot_path(adbot)}/post-checks/{id_part(check)}", print_check, json=json)


async def _check(env_file: Path, adbot: str, posts: list[str], *, wait: bool, json: bool) -> Exit:
    path = f"{adbot_path(adbot)}/post-checks"
    async with Gateway(env_file) as gateway:
        begun = await gateway.send("POST", path, {"posts": posts})
        if not wait:
            show(begun, lambda _: print_list([begun], CHECKS[:1]), json=json)
            return Exit.OK
        found = await _answered(gateway, f"{path}/{begun['id']}")
    show(found, print_check, json=json)
    well = all(seat["forwardable"] for post in found["posts"] for seat in post["seats"])
    return Exit.OK if well else Exit.FOUND


async def _answered(gateway: Gateway, path: str) -> Any:  # noqa: ANN401 - JSON
    """Return a check once all seats have answered, or it has ended."""
    import asyncio

    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        try:
            found = await gateway.get(path)
            if found["status"] == "DONE" or time.monotonic() > deadline:
                return found
        except Refusal as refusal:  # lists may lag behind what was just begun
            if refusal.reason != "unknown_post_check" or time.monotonic() > deadline:
                raise
        await asyncio.sleep(POLL_SECONDS)


def print_check(check: Item) -> None:
    """Print a check: its result, and a line for each seat and post."""
    from adrelay.terminal.outcome import screen

    print_list([check], CHECKS[:-1])
    screen().say(check["summary"])
    print_list(list(_findings(check)), _FINDINGS, "no seat was asked")


def _findings(check: Item) -> "Iterator[Item]":
    for checked in check["posts"]:
        post = f"{checked['post']['channel']}/{checked['post']['message']}"
        for seat in checked["seats"]:
            if seat["answered"]:
                facts = {name: "yes" if seat[name] else "no" for name in ("readable", "forwardable")}
            else:
                facts = {"readable": "no answer", "forwardable": ""}
            yield {"post": post, "session": seat["session"], "error": seat["error"], **facts}
