"""`adrelay accounts list | show | create | suspend | restore | sign-out | role | erase` and others."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from adrelay.commands.accounts.private_ids import AccountArgument
from adrelay.commands.addresses import ADDRESS, NO_ADDRESS
from adrelay.commands.asking import account_path, change, given, show_list, show_one
from adrelay.servers.gateway import Gateway
from adrelay.servers.options import (
    ENV_FILE,
    EnvFileOption,
    JsonOption,
    LimitOption,
    ReasonOption,
    YesOption,
)
from adrelay.terminal.listing import Column, Form, Item
from adrelay.terminal.outcome import Exit, carry_out, print_json, remark, screen

Role = Literal["CLIENT", "RESELLER", "ADMIN"]
Status = Literal["ACTIVE", "SUSPENDED"]
DELETED = "address, access code, keys, second factor, devices and webhooks"


def list_accounts(
    text: Annotated[
        str, typer.Argument(help="Only with this text in the e-mail address or licence.", show_default=False)
    ] = "",
    role: Annotated[Role | None, typer.Option(help="Only with this role.", show_default=False)] = None,
    status: Annotated[Status | None, typer.Option(help="Only in this state.", show_default=False)] = None,
    limit: LimitOption = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List accounts, the latest first."""
    show_list(
        env_file,
        "accounts",
        ACCOUNTS,
        nothing="no such account: see `adrelay accounts create`",
        json=json,
        parameters=given(text=text or None, role=role, status=status),
        most=limit,
    )


def show(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an account."""
    show_one(env_file, account_path(account), print_account, json=json)


def create(
    email: Annotated[str, typer.Argument(help="The e-mail address.", show_default=False)],
    role: Annotated[
        Role | None, typer.Option(help="What the account may do; CLIENT if it is opened.", show_default=False)
    ] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Open an account, or give one that exists this role. `adrelay accounts code` issues its access code.

    An admin may do no more than a client until the account has a second factor.
    """
    body: dict[str, object] = {"email": email}
    if role is not None:
        body["role"] = role
    change(env_file, "POST", "accounts", print_account, json=json, body=body)


def suspend(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Lock an account out at once, and suspend its adbots."""
    body: dict[str, object] = {"reason": reason}
    change(env_file, "POST", f"{account_path(account)}/suspend", print_account, json=json, body=body)


def restore(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """End an account's suspension, and that of its adbots; none is started."""
    change(env_file, "POST", f"{account_path(account)}/restore", print_account, json=json)


def sign_out(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Sign all devices of an account out. Its access code and API keys stay valid."""
    change(env_file, "POST", f"{account_path(account)}/sign-out", print_account, json=json)


def role(
    account: AccountArgument,
    role: Annotated[Role, typer.Argument(help="What the account may do.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Give an account another role; its devices are signed out."""
    change(env_file, "PUT", f"{account_path(account)}/role", print_account, json=json, body={"role": role})


def remove_second_factor(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Remove an account's second factor, when its owner has lost it."""
    change(env_file, "DELETE", f"{account_path(account)}/second-factor", print_account, json=json)


def erase(
    account: AccountArgument,
    yes: YesOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Erase an account for ever, after asking: its address, credentials, devices and webhooks.

    Its orders and adbots remain, under its id. Refused while an adbot's time runs (unless it is suspended) or
    an order awaits money. Exit codes: 0 erased, 1 refused or the answer was no, 2 could not run.
    """
    carry_out(lambda: _erase(env_file, account, yes=yes, json=json))


async def _erase(env_file: Path, account: str, *, yes: bool, json: bool) -> Exit:
    import asyncio

    async with Gateway(env_file) as gateway:
        if not yes:
            found = await gateway.get(account_path(account))
            remains = f"{found['orders']} orders and {found['adbots']} adbots remain, without an owner"
            remark(f"{found['email'] or found['id']}: {DELETED} are deleted; {remains}.")
            if not await asyncio.to_thread(typer.confirm, "Erase it for ever?", err=True):
                return Exit.FOUND
        erased = await gateway.send("POST", f"{account_path(account)}/erase")
    if json:
        print_json(erased)
    else:
        screen().say(f"✓ account {erased['account']} is erased")
    if erased["address_in_events"]:
        remark("events of an earlier version still have its address: run `adrelay events strip-addresses`")
    return Exit.OK


ACCOUNTS = (
    ADDRESS,
    Column("role", lambda account: account["role"].lower()),
    Column("is", lambda account: account["status"].lower(), Form.STATE),
    Column("adbots", "adbots", Form.COUNT),
    Column("orders", "orders", Form.COUNT),
    Column("since (UTC)", "registered_at", Form.MOMENT),
    Column("account", "id"),
)


def print_account(account: Item) -> None:
    """Print an account."""
    from adrelay.terminal.facts import print_facts
    from adrelay.terminal.moments import moment
    from adrelay.terminal.states import state

    code = "issued" if account["has_code"] else "none issued: nobody can sign in"
    facts = {
        "account": (account["id"],),
        "e-mail": (account["email"] or NO_ADDRESS,),
        "is": (state(account["status"]),),
        "because": (account["suspended_for"],),
        "role": (account["role"].lower(),),
        "licence": (account["licence"],),
        "access code": (code,),
        "second factor": ("yes" if account["second_factor"] else "none",),
        "adbots": (str(account["adbots"]),),
        "orders": (str(account["orders"]),),
        "since": (moment(account["registered_at"]),),
    }
    print_facts(facts)
