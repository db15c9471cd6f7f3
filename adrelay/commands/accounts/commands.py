"""`adrelay accounts`: who may use Adrelay, access codes and permissions."""

from typing import Annotated

import typer

from adrelay.commands.accounts import access, managing
from adrelay.commands.accounts.private_ids import allow_private_ids, forbid_private_ids, private_ids
from adrelay.commands.asking import change
from adrelay.servers.options import ENV_FILE, GATEWAY_EPILOG, EnvFileOption, JsonOption
from adrelay.terminal.listing import Item
from adrelay.terminal.outcome import screen

accounts = typer.Typer(
    name="accounts",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, create, suspend, restore and erase accounts, manage what opens them and what they may do.",
    epilog=GATEWAY_EPILOG,
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
accounts.command("devices")(access.devices)
accounts.command("sign-out-device")(access.sign_out_device)
accounts.command("api-keys")(access.api_keys)
accounts.command("revoke-api-key")(access.revoke_api_key)
accounts.command("webhooks")(access.webhooks)
accounts.command("webhook-messages")(access.webhook_messages)
accounts.command("webhook-off")(access.webhook_off)
accounts.command("private-ids")(private_ids)
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
    body: dict[str, object] = {"email": email}
    change(env_file, "POST", "accounts/access-code", _print_code, json=json, body=body)


def _print_code(issued: Item) -> None:
    screen().say(issued["access_code"])
