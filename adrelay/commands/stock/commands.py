"""`adrelay stock`: sessions and Telegram applications."""

from typing import Annotated, Any

import typer

from adrelay.commands.asking import change, given, id_part, show_list, show_one
from adrelay.commands.forwarding import SessionState
from adrelay.commands.stock.adding import add, add_application
from adrelay.servers.options import (
    ENV_FILE,
    GATEWAY_EPILOG,
    EnvFileOption,
    JsonOption,
    LimitOption,
    TextOption,
)
from adrelay.terminal.listing import Column, Form, Item, print_list

stock = typer.Typer(
    name="stock",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Show the stock of sessions, and add sessions and Telegram applications.",
    epilog=GATEWAY_EPILOG,
)
stock.command("add")(add)
stock.command("add-application")(add_application)

_COUNTS = (Column("sessions", "state", Form.STATE), Column("count", "count", Form.AMOUNT))
_APPLICATIONS = (
    Column("application", "pair"),
    Column("api_id", "api_id", Form.AMOUNT),
    Column("sessions", "sessions", Form.AMOUNT),
)
_SESSIONS = (
    Column("session", "session"),
    Column("phone", "phone"),
    Column("is", "state", Form.STATE),
    Column("added", "imported_at", Form.MOMENT),
    Column("adbot", "adbot"),
    Column("application", "pair"),
    Column("can't connect since", "unreachable_since", Form.MOMENT),
    Column("error", "unreachable_error"),
)


@stock.command("show")
def show(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show how many sessions are in each state, and the Telegram applications."""
    show_one(env_file, "stock", _print, json=json, parameters={"limit": 1})


@stock.command("list")
def list_(
    state: Annotated[
        SessionState | None, typer.Option(help="Only sessions in this state.", show_default=False)
    ] = None,
    adbot: Annotated[
        str | None, typer.Option(help="Only sessions on this adbot, by its id.", show_default=False)
    ] = None,
    application: Annotated[
        str | None, typer.Option(help="Only sessions of this Telegram application.", show_default=False)
    ] = None,
    text: TextOption = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List sessions, the oldest first. `adrelay operations sessions` has what they sent."""
    show_list(
        env_file,
        "stock",
        _SESSIONS,
        nothing="no such session: see `adrelay stock add`",
        json=json,
        parameters=given(state=state, adbot=adbot, application=application, text=text),
        most=limit,
        key="sessions",
    )


@stock.command("retire")
def retire(
    session: Annotated[str, typer.Argument(help="The session, by its id.", show_default=False)],
    reason: Annotated[
        str, typer.Option("--reason", help="Stored with the session, for people.", show_default=False)
    ],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Retire a session for ever. If it is on an adbot, its seat gets another one, or waits for stock.

    A running cycle in which the session takes part ends.
    """
    path = f"sessions/{id_part(session.strip())}/retire"
    change(env_file, "POST", path, _print_session, json=json, body={"reason": reason})


def _print_session(session: dict[str, Any]) -> None:
    print_list([session], _SESSIONS)


def _print(found: dict[str, Any]) -> None:
    counts: list[Item] = [{"state": state, "count": count} for state, count in found["counts"].items()]
    print_list(counts, _COUNTS, "no session: see `adrelay stock add`")
    print_list(found["pairs"], _APPLICATIONS, "no Telegram application: see `adrelay stock add-application`")
