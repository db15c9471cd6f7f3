"""`adrelay accounts`: who may use Adrelay, access codes and permissions."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.accounts import managing
from adrelay.commands.accounts.private_ids import allow_private_ids, forbid_private_ids
from adrelay.servers.gateway import Gateway
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

accounts = typer.Typer(
    name="accounts",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, create, suspend, restore and erase accounts, issue access codes, and allow private ids.",
    epilog="The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused, 2 could not run.",
)


accounts.command("list")(managing.list_accounts)
accounts.command("show")(managing.show)
accounts.command("create")(managing.create)
accounts.command("suspend")(managing.suspend)
accounts.command("restore")(managing.restore)
accounts.command("sign-out")(managing.sign_out)
accounts.command("role")(managing.role)
accounts.command("remove-second-factor")(managing.remove_second_factor)
accounts.command("erase")(managing.erase)
accounts.command("allow-private-ids")(allow_private_ids)
accounts.command("forbid-private-ids")(forbid_private_ids)


@accounts.command("code")
@accounts.command("reset-code", hidden=True)
def code(
    email: Annotated[str, typer.Argument(help="The client's e-mail address.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Issue an access code for an account and print it once; it replaces an old one.

    Give it to nobody but the owner of the mailbox: the person who ordered may have entered another one's
    address.
    """
    carry_out(lambda: _issue(env_file, email, json=json))


async def _issue(env_file: Path, email: str, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = await gateway.send("POST", "accounts/access-code", {"email": email})
    if json:
        print_json(found)
    else:
        screen().print(found["access_code"], markup=False)
    return Exit.OK
