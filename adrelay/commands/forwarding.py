"""`adrelay operations show | sessions`: the work that waits, the workers, and the figures of sessions."""

from typing import Annotated, Any, Literal

import typer

from adrelay.commands.asking import given, show_list, show_one
from adrelay.commands.results import counted, failure
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption, LimitOption, TextOption
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.outcome import screen

SessionState = Literal["IMPORTED", "UNUSED", "ASSIGNED", "BANNED", "FROZEN", "RETIRED"]


def show(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show the sends that wait, the workers with their sessions, and adbots whose cycles take too long."""
    show_one(env_file, "forwarding", print_forwarding, json=json)


def sessions(
    state: Annotated[
        SessionState | None, typer.Option(help="Only sessions in this state.", show_default=False)
    ] = None,
    adbot: Annotated[
        str | None, typer.Option(help="Only sessions on this adbot, by its id.", show_default=False)
    ] = None,
    text: TextOption = None,
    limit: LimitOption = 100_000,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the sessions in stock with what they sent, on all adbots and today."""
    show_list(
        env_file,
        "sessions",
        SESSIONS,
        nothing="no such session: see `adrelay stock add`",
        json=json,
        parameters=given(state=state, adbot=adbot, text=text),
        most=limit,
    )


_WORKERS = (
    Column("worker", "worker"),
    Column("sessions", "sessions", Form.AMOUNT),
    Column("sends a minute", lambda worker: f"{worker['sends_a_minute']:.0f}", Form.AMOUNT),
)


def print_forwarding(found: dict[str, Any]) -> None:
    """Print the work that waits, a line for each worker, and a warning for each adbot that overruns."""
    from datetime import datetime

    from adrelay.terminal.facts import print_facts
    from adrelay.terminal.moments import duration

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
    print_facts(facts)
    if found["workers"]:
        print_list(found["workers"], _WORKERS)
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


def rests(session: Item) -> str:
    """Return as text until when a session rests, or does not call single methods."""
    from adrelay.terminal.moments import moment

    whole = [moment(session["rests_until"])] if session["rests_until"] else []
    methods = [f"{rest['method']}: {moment(rest['until'])}" for rest in session["method_rests"]]
    return ", ".join([*whole, *methods])


def _sent_today(session: Item) -> int:
    from libs.eventsourcing.values import utc_now

    today = str(utc_now().date())
    return next((day["sent"] for day in session["days"] if day["day"] == today), 0)


SESSIONS = (
    Column("session", "session"),
    Column("phone", "phone"),
    Column("is", "state", Form.STATE),
    Column("sent", "successes", Form.COUNT),
    Column("today", _sent_today, Form.COUNT),
    Column("flood waits", "flood_waits", Form.COUNT),
    Column("failed", lambda session: counted(session["failures"])),
    Column("rests until", rests),
    Column("last error", lambda session: failure(session["last_failure"])),
)
