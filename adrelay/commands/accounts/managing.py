"""`adrelay accounts list | show | create | suspend | restore | sign-out | role | erase` and others."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.commands.accounts.private_ids import AccountArgument, ReasonOption
from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption, YesOption
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
    limit: Annotated[int, typer.Option(help="The maximum of accounts.", min=1, max=1000)] = 100,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List accounts, the latest first."""
    wanted: dict[str, str | int] = {"limit": limit}
    wanted |= {name: value for name, value in (("text", text), ("role", role), ("status", status)) if value}
    carry_out(lambda: _list(env_file, wanted, json=json))


def show(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an account."""
    carry_out(lambda: _call(env_file, "GET", _path(account), None, json=json))


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
    carry_out(lambda: _call(env_file, "POST", "accounts", body, json=json))


def suspend(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Lock an account out at once, and suspend its adbots."""
    body: dict[str, object] = {"reason": reason}
    carry_out(lambda: _call(env_file, "POST", f"{_path(account)}/suspend", body, json=json))


def restore(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """End an account's suspension, and that of its adbots; none is started."""
    carry_out(lambda: _call(env_file, "POST", f"{_path(account)}/restore", None, json=json))


def sign_out(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Sign all devices of an account out. Its access code and API keys stay valid."""
    carry_out(lambda: _call(env_file, "POST", f"{_path(account)}/sign-out", None, json=json))


def role(
    account: AccountArgument,
    role: Annotated[Role, typer.Argument(help="What the account may do.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Give an account another role; its devices are signed out."""
    carry_out(lambda: _call(env_file, "PUT", f"{_path(account)}/role", {"role": role}, json=json))


def remove_second_factor(
    account: AccountArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Remove an account's second factor, when its owner has lost it."""
    carry_out(lambda: _call(env_file, "DELETE", f"{_path(account)}/second-factor", None, json=json))


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


def _path(account: str) -> str:
    return f"accounts/{path_part(account.strip())}"


async def _list(env_file: Path, wanted: Mapping[str, str | int], *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        page = await gateway.get("accounts", wanted)
    if json:
        print_json(page)
    else:
        print_accounts(page)
    return Exit.OK


async def _call(
    env_file: Path, method: str, path: str, body: Mapping[str, object] | None, *, json: bool
) -> Exit:
    async with Gateway(env_file) as gateway:
        found = await (gateway.get(path) if method == "GET" else gateway.send(method, path, body))
    if json:
        print_json(found)
    else:
        print_account(found)
    return Exit.OK


async def _erase(env_file: Path, account: str, *, yes: bool, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        if not yes:
            found = await gateway.get(_path(account))
            remains = f"{found['orders']} orders and {found['adbots']} adbots remain, without an owner"
            remark(f"{found['email'] or found['id']}: {DELETED} are deleted; {remains}.")
            if not await asyncio.to_thread(typer.confirm, "Erase it for ever?", err=True):
                return Exit.FOUND
        erased = await gateway.send("POST", f"{_path(account)}/erase")
    if json:
        print_json(erased)
    else:
        screen().print(f"✓ account {erased['account']} is erased", markup=False)
    if erased["address_in_events"]:
        remark("events of an earlier version still have its address: run `adrelay events strip-addresses`")
    return Exit.OK


def print_accounts(page: Mapping[str, Any]) -> None:
    """Print a line for each account."""
    from adrelay.commands.orders.pictures import NO_ADDRESS, moment
    from adrelay.terminal.screen import Table

    if not page["items"]:
        screen().print("no account")
        return
    numbers = ("adbots", "orders")
    table = Table("e-mail", "role", "is", *numbers, "since (UTC)", "account", right=numbers)
    for one in page["items"]:
        table.add(
            one["email"] or NO_ADDRESS,
            one["role"].lower(),
            one["status"].lower(),
            str(one["adbots"] or ""),
            str(one["orders"] or ""),
            moment(one["registered_at"]),
            one["id"],
        )
    screen().table(table)
    if page["next"] is not None:
        screen().print("and more; --limit shows up to 1000")


def print_account(account: Mapping[str, Any]) -> None:
    """Print an account."""
    from adrelay.commands.orders.pictures import moment, print_facts, state

    code = "issued" if account["has_code"] else "none issued: nobody can sign in"
    facts = {
        "account": (account["id"],),
        "e-mail": (account["email"],),
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
    print_facts(screen(), facts)
