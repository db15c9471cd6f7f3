"""`adrelay up`: everything on one machine."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from adrelay.configuration import problems, read_env_file
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.states import State, Status
from adrelay.runtime.supervisor import Supervisor
from adrelay.system import processes
from libs.chassis.settings import variable
from services.gateway.settings import GatewaySettings

EXIT_SETTINGS = 2
EXIT_FAILED = 1
_PENDING = {
    "ADRELAY_POSTGRES_URL": "postgresql://pending.invalid",
    "ADRELAY_NATS_URL": "nats://pending.invalid",
}
"""Stand for the servers that are started only once the rest of the configuration is right."""

console = Console(stderr=True)
_COLOURS = {State.READY: "green", State.RESTARTING: "red", State.UNREADY: "yellow"}


def up(
    data: Annotated[Path, typer.Option(help="Where databases, the event stream and logs are kept.")] = Path(
        ".adrelay"
    ),
    port: Annotated[int, typer.Option(help="The port of the REST interface.", min=1, max=65535)] = 8080,
    workers: Annotated[int, typer.Option(help="How many forwarding workers.", min=1, max=64)] = 2,
    env_file: Annotated[Path, typer.Option(help="Settings; the environment goes before it.")] = Path(".env"),
) -> None:
    """Run everything on this machine until Ctrl-C.

    PostgreSQL and NATS are started here unless ADRELAY_POSTGRES_URL and ADRELAY_NATS_URL name servers.
    What the configuration lacks is listed, and nothing is started.
    """
    read_env_file(env_file)
    missing = problems(_embedded(_PENDING))
    if missing:
        console.print("[red]Adrelay can't start.[/red] In the environment, or in", str(env_file))
        for problem in missing:
            console.print(f"  [red]✗[/red] {problem}", highlight=False, soft_wrap=True)
        console.print("`adrelay keygen` prints good secrets; .env.example explains every setting.")
        raise typer.Exit(EXIT_SETTINGS)
    console.print(f"[dim]mails[/dim]      {where_mails_go()}", highlight=False)
    try:
        asyncio.run(_run(data, port, workers))
    except RuntimeFault as fault:
        console.print(f"[red]{fault}[/red]", highlight=False)
        sys.exit(EXIT_FAILED)


def _embedded(urls: dict[str, str]) -> dict[str, str]:
    """Return those of the URLs that the environment does not set itself."""
    return {name: url for name, url in urls.items() if not os.environ.get(name)}


def where_mails_go() -> str:
    """Return where mails go."""
    settings = GatewaySettings.model_validate(
        {"postgres_url": _PENDING["ADRELAY_POSTGRES_URL"], "nats_url": _PENDING["ADRELAY_NATS_URL"]}
    )
    if settings.mails:
        return f"go through {settings.smtp_host}:{settings.smtp_port}, from {settings.mail_from}"
    return (
        "are only kept in-app, and you give clients their codes by `adrelay accounts code` "
        f"(no SMTP configured, see {variable(GatewaySettings, 'smtp_host')})"
    )


async def _run(data: Path, port: int, workers: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Supervisor(_tell) as supervisor:
        urls: dict[str, str] = {}
        if not os.environ.get("ADRELAY_POSTGRES_URL"):
            postgres = EmbeddedPostgres(data / "postgres")
            supervisor.supervise(postgres)
            await supervisor.until_ready(postgres.name)
            urls["ADRELAY_POSTGRES_URL"] = postgres.url("")
        if not os.environ.get("ADRELAY_NATS_URL"):
            nats = EmbeddedNats(data / "nats")
            supervisor.supervise(nats)
            await supervisor.until_ready(nats.name)
            urls["ADRELAY_NATS_URL"] = nats.url
        for process in processes(workers=workers, gateway_port=port):
            supervisor.supervise(process.service(urls, data / "logs"))
        await supervisor.until_ready(within_seconds=120)
        console.print(f"[bold]Adrelay is up:[/bold] http://127.0.0.1:{port}/docs  (Ctrl-C stops it)")
        await stop.wait()
        console.print("stopping ...")


def _tell(status: Status) -> None:
    colour = _COLOURS.get(status.state, "dim")
    detail = f" {status.detail}" if status.detail else ""
    console.print(f"[{colour}]{status.state:<10}[/{colour}] {status.name}{detail}", highlight=False)
