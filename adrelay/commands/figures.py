"""`adrelay adbots statistics | groups | log`: what was sent, what was refused and by whom."""

from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

AdbotArgument = Annotated[str, typer.Argument(metavar="ADBOT", help="The adbot's id.", show_default=False)]
GroupState = Literal["delivered", "refused", "left_out", "not_sent", "waiting"]
LimitOption = Annotated[int, typer.Option(help="The maximum of lines.", min=1, max=1000)]


def statistics(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an adbot's figures, and those of its sessions."""
    carry_out(lambda: _show(env_file, adbot, "statistics", {}, json=json))


def groups(
    adbot: AdbotArgument,
    state: Annotated[
        GroupState | None, typer.Option(help="Only groups in this state.", show_default=False)
    ] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an adbot's groups: what was sent, what was refused by whom, and until when it is not asked."""
    wanted: dict[str, str | int] = {"limit": limit}
    if state:
        wanted["state"] = state
    carry_out(lambda: _show(env_file, adbot, "groups", wanted, json=json))


def log(
    adbot: AdbotArgument,
    group: Annotated[
        str | None, typer.Option(help="Only of this group, such as @name.", show_default=False)
    ] = None,
    result: Annotated[
        str | None, typer.Option(help="Only with this result, such as TARGET_DENIED.", show_default=False)
    ] = None,
    limit: LimitOption = 20,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List an adbot's last deliveries, the latest first."""
    wanted: dict[str, str | int] = {"limit": limit}
    wanted |= {name: text for name, text in (("group", group), ("result", result)) if text}
    carry_out(lambda: _show(env_file, adbot, "logs", wanted, json=json))


async def _show(
    env_file: Path, adbot: str, what: str, parameters: dict[str, str | int], *, json: bool
) -> Exit:
    from adrelay.terminal.pasted import Kind, read

    found = read(adbot.strip().removeprefix("adbot-"))
    path = f"adbots/{path_part(found.text if found.kind is Kind.ID else adbot.strip())}/{what}"
    async with Gateway(env_file) as gateway:
        answer = await gateway.get(path, parameters)
    if json:
        print_json(answer)
    else:
        {"statistics": print_statistics, "groups": print_groups, "logs": print_log}[what](answer)
    return Exit.OK


def print_statistics(figures: dict[str, Any]) -> None:
    """Print an adbot's figures, and a line for each of its sessions."""
    from adrelay.commands.orders.pictures import moment, print_facts
    from adrelay.terminal.screen import Table

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
    print_facts(screen(), facts)
    table = Table("session", "sent", "failed", "left out", "flood waits", "rests until", "last error")
    for seat in figures["seats"]:
        table.add(
            seat["session"],
            str(seat["successes"]),
            counted(seat["failures"]),
            str(seat["left_out"] or ""),
            str(seat["flood_waits"] or ""),
            moment(seat["rests_until"]) if seat["rests_until"] else "",
            failure(seat["last_failure"]),
        )
    if figures["seats"]:
        screen().table(table)


def print_groups(page: dict[str, Any]) -> None:
    """Print a line for each group, and one for each further denial or request to join."""
    from adrelay.commands.orders.pictures import moment
    from adrelay.terminal.screen import Table

    table = Table(
        "group", "is", "sent", "failed", "last (UTC)", "last error", "not asked before", "asked to join"
    )
    for group in page["items"]:
        denials = [denied(one) for one in group["denials"]]
        requests = [asked(one) for one in group["join_requests"]]
        (denial, request), *further = list(zip_longest(denials, requests, fillvalue="")) or [("", "")]
        why = group["last_error"] if group["state"] == "left_out" else failure(group["last_failure"])
        table.add(
            group["group"],
            group["state"].replace("_", " "),
            str(group["successes"] or ""),
            counted(group["failures"]),
            moment(group["last_at"]) if group["last_at"] else "",
            why,
            denial,
            request,
        )
        for pair in further:
            table.add("", "", "", "", "", "", *pair)
    _print(table, page, "no group")


def print_log(page: dict[str, Any]) -> None:
    """Print a line for each delivery."""
    from adrelay.commands.orders.pictures import moment
    from adrelay.terminal.screen import Table

    table = Table("at (UTC)", "session", "group", "result", "error", "about")
    for line in page["items"]:
        table.add(
            moment(line["at"]),
            line["session"] or "",
            line["group"],
            line["result"],
            line["error"],
            line["about"] or "",
        )
    _print(table, page, "no delivery")


def _print(table: Any, page: dict[str, Any], nothing: str) -> None:  # noqa: ANN401 - imported where needed
    if not page["items"]:
        screen().print(nothing)
        return
    screen().table(table)
    if page["next"] is not None:
        screen().print("and more; --limit shows up to 1000")


def counted(counts: dict[str, int]) -> str:
    """Return counts by name as text: `3 SLOW_MODE, 1 UNKNOWN`."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def failure(failed: dict[str, Any] | None) -> str:
    """Return a failure as text: whom it is about, Telegram's error, and where."""
    if failed is None:
        return ""
    error = failed["error"] or failed["result"]
    where = [f"({failed['about']})"] if failed["about"] else []
    return " ".join([error, *where])


def denied(denial: dict[str, Any]) -> str:
    """Return a denial as text: until when, by whom, why."""
    from adrelay.commands.orders.pictures import moment

    whom = denial["session"] or "any account"
    return f"{moment(denial['until'])} by {whom}: {denial['error'] or denial['result']}"


def asked(request: dict[str, Any]) -> str:
    """Return a request to join as text: whose, and since when."""
    from adrelay.commands.orders.pictures import moment

    return f"{moment(request['since'])} by {request['session']}, not approved yet"
