"""`adrelay operations show | sessions`: the work that waits, the workers, and the figures of sessions."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.servers.gateway import Gateway
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

SessionState = Literal["IMPORTED", "UNUSED", "ASSIGNED", "BANNED", "FROZEN", "RETIRED"]


def show(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show the sends that wait, the workers with their sessions, and adbots whose cycles take too long."""
    carry_out(lambda: _show(env_file, json=json))


def sessions(
    state: Annotated[
        SessionState | None, typer.Option(help="Only sessions in this state.", show_default=False)
    ] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the sessions in stock with what they sent, on all adbots and today."""
    carry_out(lambda: _sessions(env_file, state, json=json))


async def _show(env_file: Path, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = await gateway.get("forwarding")
    if json:
        print_json(found)
    else:
        print_forwarding(found)
    return Exit.OK


async def _sessions(env_file: Path, state: str | None, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = (await gateway.items("sessions", {"state": state} if state else None)).items
    if json:
        print_json(found)
    else:
        print_sessions(found)
    return Exit.OK


def print_forwarding(found: dict[str, Any]) -> None:
    """Print the work that waits, a line for each worker, and a warning for each adbot that overruns."""
    from datetime import datetime

    from adrelay.commands.orders.pictures import print_facts
    from adrelay.terminal.moments import duration
    from adrelay.terminal.screen import Table

    oldest, left = found["oldest_cycle"], found["seconds_to_empty"]
    age = ""
    if oldest:
        seconds = (datetime.fromisoformat(found["at"]) - datetime.fromisoformat(oldest)).total_seconds()
        age = f"the oldest for {duration(max(0.0, seconds))}"
    empty = "never: no worker is alive" if left is None else duration(left) if left else ""
    unserved, resting = found["sessions_without_worker"], found["sessions_resting"]
    facts = {
        "pending sends": (str(found["pending_sends"]),),
        "running cycles": (str(found["running_cycles"]), age),
        "done in": (empty,),
        "sends a minute": (f"{found['sends_a_minute']:.0f}",),
        "sessions with work": (
            str(found["sessions_with_work"]),
            f"{unserved} without a worker" if unserved else "",
            f"{resting} rest" if resting else "",
        ),
        "workers": (str(len(found["workers"])),),
    }
    print_facts(screen(), facts)
    table = Table("worker", "sessions", "sends a minute", right=("sessions", "sends a minute"))
    for worker in found["workers"]:
        table.add(worker["worker"], str(worker["sessions"]), f"{worker['sends_a_minute']:.0f}")
    if found["workers"]:
        screen().table(table)
    for one in found["overrunning"]:
        _warn(one)


def _warn(one: dict[str, Any]) -> None:
    from rich.text import Text

    from adrelay.terminal.moments import duration

    needs = ""
    if one["cycle_seconds"]:
        needs = (
            f": {one['groups']} groups with {one['seats']} seats need {duration(one['cycle_seconds'])}, "
            f"the interval is {duration(one['interval_seconds'])}"
        )
    words = f"cycles of adbot {one['adbot']} take too long, {one['overruns']} of the last 10 skipped{needs}"
    screen().items(Text("!", "yellow"), words, gap=" ")


def rests(session: dict[str, Any]) -> str:
    """Return as text until when a session rests, or does not call single methods."""
    from adrelay.commands.orders.pictures import moment

    whole = [moment(session["rests_until"])] if session["rests_until"] else []
    methods = [f"{rest['method']}: {moment(rest['until'])}" for rest in session["method_rests"]]
    return ", ".join([*whole, *methods])


def print_sessions(found: list[dict[str, Any]]) -> None:
    """Print a line for each session."""
    from adrelay.commands.figures import counted, failure
    from adrelay.terminal.screen import Table
    from libs.eventsourcing.values import utc_now

    if not found:
        screen().print("no session")
        return
    today, numbers = str(utc_now().date()), ("sent", "today", "flood waits")
    table = Table("session", "phone", "is", *numbers, "failed", "rests until", "last error", right=numbers)
    for one in found:
        day = next((day for day in one["days"] if day["day"] == today), None)
        table.add(
            one["session"],
            one["phone"],
            one["state"],
            str(one["successes"] or ""),
            str(day["sent"]) if day else "",
            str(one["flood_waits"] or ""),
            counted(one["failures"]),
            rests(one),
            failure(one["last_failure"]),
        )
    screen().table(table)
