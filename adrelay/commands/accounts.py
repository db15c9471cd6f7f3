"""`adrelay accounts`: what the operator does for a client."""

from pathlib import Path
from typing import Annotated

import typer

from adrelay.commands.gateway import Gateway
from adrelay.events.outcome import Exit, carry_out, say_json, screen
from adrelay.events.places import ENV_FILE, EnvFileOption, JsonOption

accounts = typer.Typer(
    name="accounts",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they could show secrets
    help="Help a client who lost the access code.",
    epilog="The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused, 2 could not run.",
)


@accounts.callback()
def _group() -> None:
    """Be a group, of one command so far."""


@accounts.command("reset-code")
def reset_code(
    email: Annotated[str, typer.Argument(help="The client's e-mail address.", show_default=False)],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Give an account another access code and print it, this once. The old one opens nothing any more."""
    carry_out(lambda: _reset(env_file, email, json=json))


async def _reset(env_file: Path, email: str, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = await gateway.send("POST", "accounts/access-code", {"email": email})
    if json:
        say_json(found)
    else:
        screen().print(found["access_code"], markup=False)
    return Exit.OK
