"""`adrelay accounts private-ids | allow-private-ids | forbid-private-ids`: chats without a public name."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.addresses import ADDRESS
from adrelay.commands.asking import account_path, change, show_list, show_one
from adrelay.servers.options import (
    ENV_FILE,
    EnvFileOption,
    JsonOption,
    ReasonOption,
)
from adrelay.terminal.completion import emails
from adrelay.terminal.listing import Column, Form, Item
from adrelay.terminal.outcome import screen

AccountArgument = Annotated[
    str,
    typer.Argument(
        metavar="ACCOUNT", help="The e-mail address, or the id.", autocompletion=emails, show_default=False
    ),
]

_COLUMNS = (
    ADDRESS,
    Column("since (UTC)", "since", Form.MOMENT),
    Column("reason", "reason"),
    Column("account", "account"),
)


def private_ids(
    account: Annotated[
        str,
        typer.Argument(
            metavar="[ACCOUNT]", help="Only of this account.", autocompletion=emails, show_default=False
        ),
    ] = "",
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the accounts whose adbots may use private ids, or say whether one's may."""
    if account:
        show_one(env_file, f"{account_path(account)}/private-ids", _print, json=json)
    else:
        nothing = "no account may use private ids: see `adrelay accounts allow-private-ids`"
        show_list(env_file, "private-ids", _COLUMNS, nothing=nothing, json=json)


def allow_private_ids(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Allow an account's adbots to name chats by t.me/c/… and -100…, in all chats of their sessions."""
    _act(env_file, account, "allow", reason, json=json)


def forbid_private_ids(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Forbid an account's adbots private ids. Adbots that name some are stopped."""
    _act(env_file, account, "forbid", reason, json=json)


def _act(env_file: Path, account: str, act: str, reason: str, *, json: bool) -> None:
    path = f"{account_path(account)}/private-ids/{act}"
    change(env_file, "POST", path, _print, json=json, body={"reason": reason})


def _print(found: Item) -> None:
    verb = "may" if found["allowed"] else "may not"
    screen().say(f"{found['email'] or found['account']} {verb} name private ids")
