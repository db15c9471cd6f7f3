"""`adrelay accounts allow-private-ids | forbid-private-ids`: permission for chats without a public name."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

AccountArgument = Annotated[
    str, typer.Argument(metavar="ACCOUNT", help="The e-mail address, or the id.", show_default=False)
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Stored for people.", show_default=False)]


def allow_private_ids(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Allow an account's adbots to name chats by t.me/c/… and -100…, in all chats of their sessions."""
    carry_out(lambda: _act(env_file, account, "allow", reason, json=json))


def forbid_private_ids(
    account: AccountArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Forbid an account's adbots private ids. Adbots that name some are stopped."""
    carry_out(lambda: _act(env_file, account, "forbid", reason, json=json))


async def _act(env_file: Path, account: str, act: str, reason: str, *, json: bool) -> Exit:
    path = f"accounts/{path_part(account.strip())}/private-ids/{act}"
    async with Gateway(env_file) as gateway:
        found = await gateway.send("POST", path, {"reason": reason})
    if json:
        print_json(found)
    else:
        verb = "may" if found["allowed"] else "may not"
        screen().print(f"{found['email'] or found['account']} {verb} name private ids", markup=False)
    return Exit.OK
