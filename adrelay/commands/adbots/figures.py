"""`adrelay adbots statistics | groups | log`: what was sent, what was refused and by whom."""

from typing import Annotated, Literal

import typer

from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.asking import adbot_path, given, show_list, show_one
from adrelay.commands.results import counted, failure
from adrelay.servers.options import (
    ENV_FILE,
    EnvFileOption,
    JsonOption,
    LimitOption,
    SinceOption,
    TextOption,
    UntilOption,
)
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.moments import instant

GroupState = Literal["delivered", "refused", "left_out", "not_sent", "waiting"]


def denied(denial: Item) -> str:
    """Return a denial as text: until when, by whom, why."""
    from adrelay.terminal.moments import moment

    whom = denial["session"] or "any account"
    return f"{moment(denial['until'])} by {whom}: {denial['error'] or denial['result']}"


def asked(request: Item) -> str:
    """Return a request to join as text: whose, and since when."""
    from adrelay.terminal.moments import moment

    return f"{moment(request['since'])} by {request['session']}, not approved yet"


def _why(group: Item) -> str | None:
    return group["last_error"] if group["state"] == "left_out" else failure(group["last_failure"])


_GROUPS = (
    Column("group", "group"),
    Column("is", lambda group: group["state"].replace("_", " "), Form.STATE),
    Column("sent", "successes", Form.COUNT),
    Column("failed", lambda group: counted(group["failures"])),
    Column("last (UTC)", "last_at", Form.MOMENT),
    Column("last error", _why),
    Column("not asked before", lambda group: [denied(one) for one in group["denials"]]),
    Column("asked to join", lambda group: [asked(one) for one in group["join_requests"]]),
)
_LOG = (
    Column("at (UTC)", "at", Form.MOMENT),
    Column("session", "session"),
    Column("group", "group"),
    Column("result", "result", Form.STATE),
    Column("error", "error"),
    Column("about", "about"),
)
_SEATS = (
    Column("session", "session"),
    Column("sent", "successes", Form.AMOUNT),
    Column("failed", lambda seat: counted(seat["failures"])),
    Column("left out", "left_out", Form.COUNT),
    Column("flood waits", "flood_waits", Form.COUNT),
    Column("rests until", "rests_until", Form.MOMENT),
    Column("last error", lambda seat: failure(seat["last_failure"])),
)


def statistics(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an adbot's figures, and those of its sessions."""
    show_one(env_file, f"{adbot_path(adbot)}/statistics", print_statistics, json=json)


def groups(
    adbot: AdbotArgument,
    state: Annotated[
        GroupState | None, typer.Option(help="Only groups in this state.", show_default=False)
    ] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an adbot's groups: what was sent, what was refused by whom, and until when it is not asked."""
    show_list(
        env_file,
        f"{adbot_path(adbot)}/groups",
        _GROUPS,
        nothing="no such group: see `adrelay adbots advertise`",
        json=json,
        parameters=given(state=state, text=text),
        most=limit,
    )


def log(  # noqa: PLR0913, PLR0917 - what a log is searched by
    adbot: AdbotArgument,
    group: Annotated[
        str | None, typer.Option(help="Only of this group, such as @name.", show_default=False)
    ] = None,
    result: Annotated[
        str | None, typer.Option(help="Only with this result, such as TARGET_DENIED.", show_default=False)
    ] = None,
    session: Annotated[
        str | None,
        typer.Option(help="Only by this session: its number as shown, or its id.", show_default=False),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    limit: LimitOption = 20,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an adbot's last deliveries, the latest first."""
    show_list(
        env_file,
        f"{adbot_path(adbot)}/logs",
        _LOG,
        nothing="no such delivery",
        json=json,
        parameters=given(
            group=group, result=result, session=session, from_=instant(since), to=instant(until)
        ),
        most=limit,
    )


def print_statistics(figures: Item) -> None:
    """Print an adbot's figures, and a line for each of its sessions."""
    from adrelay.terminal.facts import print_facts
    from adrelay.terminal.moments import moment

    skipped = f"{figures['cycles_skipped']} skipped" if figures["cycles_skipped"] else ""
    overrun = f"{figures['cycles_overrun']} as the last one ran" if figures["cycles_overrun"] else ""
    facts = {
        "cycles": (str(figures["cycles"]), skipped, overrun),
        "sent": (str(figures["successes"]),),
        "failed": (counted(figures["failures"]),),
        "left out": (counted(figures["left_out_because"]),),
        "not sent": (f"{figures['not_sent']}, as the adbot was stopped" if figures["not_sent"] else "",),
        "flood waits": (str(figures["flood_waits"] or ""),),
        "last": (figures["last_activity"] and moment(figures["last_activity"]),),
        "last error": (failure(figures["last_failure"]),),
    }
    print_facts(facts)
    if figures["seats"]:
        print_list(figures["seats"], _SEATS)
