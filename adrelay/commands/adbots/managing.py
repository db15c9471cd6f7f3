"""`adrelay adbots list | show | start | stop | extend | suspend | restore | replace-seat`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.commands.adbots.options import AdbotArgument
from adrelay.commands.asking import adbot_path, change, given, id_part, show_list, show_one
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption, LimitOption, TextOption
from adrelay.terminal.completion import emails, plans
from adrelay.terminal.listing import Column, Form, Item

AdbotStatus = Literal["STOPPED", "RUNNING", "EXPIRED", "SUSPENDED"]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Stored with the adbot, for people.", show_default=False)
]


def _seats(adbot: Item) -> str:
    seats = adbot["seats"]
    return f"{seats['filled']}/{seats['filled'] + seats['awaited']}"


def _groups(adbot: Item) -> int | None:
    advertisement = adbot["advertisement"]
    return None if advertisement is None else len(advertisement["groups"])


def _because(adbot: Item) -> str | None:
    found: str | None = adbot["suspend_reason"] or adbot["stop_reason"] or adbot["warning"]
    return found


ADBOTS = (
    Column("adbot", "id"),
    Column("is", "status", Form.STATE),
    Column("plan", "plan.code"),
    Column("seats", _seats, Form.AMOUNT),
    Column("groups", _groups, Form.AMOUNT),
    Column("next cycle", "next_cycle_at", Form.MOMENT),
    Column("valid until", "valid_until", Form.MOMENT),
    Column("because", _because),
    Column("order", "order_number"),
    Column("account", "account"),
)


def list_adbots(
    account: Annotated[
        str | None,
        typer.Option(
            help="Only of this account, by its id or e-mail address.",
            autocompletion=emails,
            show_default=False,
        ),
    ] = None,
    status: Annotated[
        AdbotStatus | None,
        typer.Option(help="Only in this state.", case_sensitive=False, show_default=False),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(help="Only of this plan, by its code.", autocompletion=plans, show_default=False),
    ] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List adbots, the latest first; conditions are combined by "and"."""
    show_list(
        env_file,
        "adbots",
        ADBOTS,
        nothing="no such adbot: one is made when an order is paid, see `adrelay orders list`",
        json=json,
        parameters=given(sort="-created_at", status=status, plan=plan, text=text),
        most=limit,
        account=account,
    )


def show(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an adbot: its owner, plan, seats and state."""
    show_one(env_file, adbot_path(adbot), picture, json=json)


def start(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Start an adbot for its owner. Starting a running one changes nothing."""
    _act(env_file, adbot, "/start", None, json=json)


def stop(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Stop an adbot at once, also within a cycle. Its owner may start it, unless it is suspended."""
    _act(env_file, adbot, "/stop", None, json=json)


def extend(
    adbot: AdbotArgument,
    days: Annotated[int, typer.Option(help="How many days to add.", show_default=False)],
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Extend an adbot's validity by days, also after an expiry. Each call adds them again."""
    body: dict[str, object] = {"days": days, "reason": reason}
    _act(env_file, adbot, "/extend", body, json=json)


def suspend(
    adbot: AdbotArgument,
    reason: ReasonOption,
    release_sessions: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--release-sessions", help="Return its sessions to stock at once.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Stop an adbot and forbid its start. Its validity continues to run out.

    With --release-sessions its sessions return to stock: if it is restored, its seats wait for stock.
    """
    body: dict[str, object] = {"reason": reason, "release_sessions": release_sessions}
    _act(env_file, adbot, "/suspend", body, json=json)


def restore(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Restore a suspended adbot, without starting it."""
    _act(env_file, adbot, "/restore", None, json=json)


def replace_seat(
    adbot: AdbotArgument,
    session: Annotated[str, typer.Argument(help="The session on the seat, by its id.", show_default=False)],
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Retire a seat's session, and put another one of the stock on it; without stock the seat waits.

    A running cycle in which the session takes part ends. `adrelay stock list --adbot` has its sessions.
    """
    _act(env_file, adbot, f"/seats/{id_part(session.strip())}/replace", {"reason": reason}, json=json)


def _act(env_file: Path, adbot: str, act: str, body: dict[str, object] | None, *, json: bool) -> None:
    change(env_file, "POST", f"{adbot_path(adbot)}{act}", picture, json=json, body=body)


def picture(adbot: dict[str, Any]) -> None:
    """Print an adbot."""
    from adrelay.commands.adbots.pictures import print_adbot

    print_adbot(adbot)
