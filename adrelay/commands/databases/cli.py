"""The options of `adrelay databases prepare` and `check`."""

from collections.abc import Coroutine
from typing import Annotated

import typer

from adrelay.commands.events.options import ServicesOption
from adrelay.env_file import put_into_environment
from adrelay.servers.options import ENV_FILE, DataOption, EnvFileOption, JsonOption, ServerOptions
from adrelay.terminal.outcome import Exit, carry_out

databases = typer.Typer(
    name="databases",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Give each service a role of PostgreSQL that owns its database alone, and check it.",
    epilog="For a PostgreSQL server of your own; `adrelay up` and `docker compose` do it by themselves. "
    "Exit codes: 0 done, 1 found problems, 2 could not run, or check not everything.",
)
WholeServerOption = Annotated[
    bool,
    typer.Option(
        "--whole-server",
        help="The server is for Adrelay alone: close its other databases to all but their owners and "
        "roles that are let in by name.",
    ),
]


@databases.command("prepare")
def prepare(
    service: ServicesOption = None,
    whole_server: WholeServerOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Create the services' roles and databases, and the tools' roles, or set right what differs.

    ADRELAY_SUPERUSER_POSTGRES_URL names the server, with a user that may create roles and databases; give it
    to this command alone. Roles, passwords and databases are those of ADRELAY_<SERVICE>_POSTGRES_URL and
    ADRELAY_EVENTS_POSTGRES_URL. Those that are not set are printed with fresh passwords, ready to be put into
    `.env`. It may be repeated, and changes passwords to those in the URLs. Objects that the services' earlier
    user owns are handed over: stop the services before the first time. Databases and roles of others stay as
    they are without --whole-server; those that are open to everybody are named.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.databases.preparing import prepare as preparing

        put_into_environment(env_file)
        return preparing(service, whole_server=whole_server)

    carry_out(work)


@databases.command("check")
def check(
    service: ServicesOption = None,
    whole_server: WholeServerOption = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002
    data: DataOption = None,
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Say what keeps the services' roles from being confined to their databases.

    It connects with each service's URL and the tools', needs no superuser, and names the roles that it could
    not look at.
    """

    def work() -> Coroutine[None, None, Exit]:
        from adrelay.commands.databases.checking import check as checking

        return checking(ServerOptions(data, env_file), service, whole_server=whole_server, json=json)

    carry_out(work)
