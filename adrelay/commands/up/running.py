"""`adrelay up`: everything on one machine."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from adrelay.configuration import problems, warnings
from adrelay.env_file import DEFAULT, contradictions, put_into_environment
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.interrupt import Interrupted, quiet_end, run_interruptibly
from adrelay.runtime.local import (
    GATEWAY_PORT,
    SETTINGS,
    claimed,
    open_to_others,
    require_free,
)
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.states import State, Status
from adrelay.runtime.supervisor import Supervisor
from adrelay.system import SERVICES, port_variable, processes
from libs.chassis.settings import PREFIX, variable
from services.gateway.settings import GatewaySettings

EXIT_SETTINGS = 2
EXIT_FAILED = 1
_PENDING = {
    "ADRELAY_POSTGRES_URL": "postgresql://pending.invalid",
    "ADRELAY_NATS_URL": "nats://pending.invalid",
}
"""Placeholder URLs of the embedded servers, which are started only once the other settings are valid."""

console = Console(stderr=True)
_COLOURS = {State.READY: "green", State.RESTARTING: "red", State.UNREADY: "yellow"}


def up(folder: Path, port: int | None, workers: int, env_file: Path | None) -> None:
    """Run everything on this machine until it is stopped; exits if it can't."""
    with quiet_end():
        _read_settings(folder, env_file)
        ports = _chosen_ports(port)
        supervisor = Supervisor(_print_status)
        try:
            run_interruptibly(_run(supervisor, folder, ports, workers), supervisor.hurry)
        except RuntimeFault as fault:
            console.print(f"[red]✗[/red] {escape(str(fault))}", highlight=False, soft_wrap=True)
            raise typer.Exit(EXIT_FAILED) from fault
        except Interrupted as interrupted:
            raise typer.Exit(interrupted.exit_code) from interrupted


def _read_settings(folder: Path, env_file: Path | None) -> None:
    """Put the settings into the environment; exit if any are invalid."""
    kept = folder / SETTINGS
    if env_file is None and kept.is_file():
        _forget_settings()  # a demo's folder has its own servers and secrets, which go before other settings
        put_into_environment(kept)
        _note("settings", f"are those of the demo kept here ({kept}); its sandboxes are gone")
        return _check(kept)
    path = env_file or DEFAULT
    if env_file is not None and not path.is_file():
        console.print(f"[red]✗[/red] --env-file: there is no file {path}", highlight=False, soft_wrap=True)
        raise typer.Exit(EXIT_SETTINGS)
    if open_to_others(path):
        _warn(f"{path} can be read by others, and holds secrets: chmod 600 {path}")
    if folder.exists() and open_to_others(folder):
        _warn(f"{folder} can be looked into by others: chmod go-rw {folder}")
    for name in contradictions(path):
        _warn(f"{path} sets {name} to several values; the last one counts")
    put_into_environment(path)
    return _check(path)


def _forget_settings() -> None:
    """Remove every setting from the environment in any spelling: services read each."""
    for name in list(os.environ):
        if name.upper().startswith(PREFIX):
            del os.environ[name]


def _check(path: Path) -> None:
    missing = problems(_embedded(_PENDING))
    if missing:
        missing += [warning for warning in warnings() if warning not in missing]
        console.print("[red]Adrelay can't start.[/red] In the environment, or in", str(path))
        for problem in missing:
            console.print(f"  [red]✗[/red] {problem}", highlight=False, soft_wrap=True)
        console.print("`adrelay keygen` prints good secrets; .env.example explains every setting.")
        raise typer.Exit(EXIT_SETTINGS)
    for warning in warnings():
        _warn(warning)
    _note("mails", where_mails_go())


def _embedded(urls: dict[str, str]) -> dict[str, str]:
    """Return the URLs that the environment does not set."""
    return {name: url for name, url in urls.items() if not os.environ.get(name)}


def _chosen_ports(gateway_port: int | None) -> dict[str, int]:
    """Return the chosen ports by service; the others get free ones."""
    chosen = {name: int(os.environ.get(port_variable(name)) or 0) for name in SERVICES}
    chosen["gateway"] = gateway_port or chosen["gateway"] or GATEWAY_PORT
    return {name: port for name, port in chosen.items() if port}


def where_mails_go() -> str:
    """Return where mails are sent, as text for people."""
    settings = GatewaySettings.model_validate(
        {"postgres_url": _PENDING["ADRELAY_POSTGRES_URL"], "nats_url": _PENDING["ADRELAY_NATS_URL"]}
    )
    if settings.mails:
        return f"go through {settings.smtp_host}:{settings.smtp_port}, from {settings.mail_from}"
    return (
        "are only kept in-app, and you give clients their codes by `adrelay accounts code` "
        f"(no SMTP configured, see {variable(GatewaySettings, 'smtp_host')})"
    )


async def _run(supervisor: Supervisor, folder: Path, ports: Mapping[str, int], workers: int) -> None:
    async with claimed(folder):
        for name, port in ports.items():
            require_free(port, "--port or " * (name == "gateway") + port_variable(name))
        async with supervisor:
            urls = await _servers(supervisor, folder)
            for process in processes(workers=workers, ports=ports):
                supervisor.supervise(process.service(urls, folder / "logs"))
            await supervisor.until_ready(within_seconds=120)
            console.print(
                f"[bold]Adrelay is up:[/bold] http://127.0.0.1:{ports['gateway']}/docs  (Ctrl-C stops it)"
            )
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                console.print("stopping ... (Ctrl-C again: at once)")


async def _servers(supervisor: Supervisor, folder: Path) -> dict[str, str]:
    """Start the servers that no setting names, and return their URLs by variable."""
    urls: dict[str, str] = {}
    if not os.environ.get("ADRELAY_POSTGRES_URL"):
        postgres = EmbeddedPostgres(folder / "postgres")
        supervisor.supervise(postgres)
        await supervisor.until_ready(postgres.name)
        urls["ADRELAY_POSTGRES_URL"] = postgres.url("")
    if not os.environ.get("ADRELAY_NATS_URL"):
        nats = EmbeddedNats(folder / "nats")
        supervisor.supervise(nats)
        await supervisor.until_ready(nats.name)
        urls["ADRELAY_NATS_URL"] = nats.url
    return urls


def _note(what: str, text: str) -> None:
    console.print(f"[dim]{what:<10}[/dim] {text}", highlight=False, soft_wrap=True)


def _warn(text: str) -> None:
    console.print(f"[yellow]![/yellow] {text}", highlight=False, soft_wrap=True)


def _print_status(status: Status) -> None:
    colour = _COLOURS.get(status.state, "dim")
    text = escape(f"{status.name} {status.detail}".rstrip())
    console.print(f"[{colour}]{status.state:<10}[/{colour}] {text}", highlight=False, soft_wrap=True)
