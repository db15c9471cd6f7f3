"""`adrelay up`: everything on one machine."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import typer
from rich.console import Console
from rich.markup import escape

from adrelay.commands.up.start_helper import Checked, Run, StartHelper
from adrelay.runtime.faults import RuntimeFault
from adrelay.runtime.interrupt import Interrupted, run_interruptibly
from adrelay.runtime.local import GATEWAY_PORT, claimed, require_free
from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from adrelay.runtime.states import Pace, State, Status
from adrelay.runtime.supervisor import Supervisor
from adrelay.system import (
    ALL_SERVICES_STOP_SECONDS,
    SERVICES,
    Process,
    in_groups,
    nats_variable,
    one_process,
    port_variable,
    processes,
)
from libs.chassis import exit_codes
from libs.chassis.database_roles import url_variable

console = Console(stderr=True)
_COLOURS = {State.READY: "green", State.RESTARTING: "red", State.UNREADY: "yellow"}


def up(run: Run, port: int | None, workers: int | None) -> None:
    """Run everything on this machine until it is stopped; exits if it can't.

    Without `workers`, all services run in one process.
    """
    pace = Pace(stop_seconds=ALL_SERVICES_STOP_SECONDS) if workers is None else Pace()
    supervisor = Supervisor(_print_status, pace=pace)
    try:
        run_interruptibly(_run(supervisor, run, port, workers), supervisor.hurry)
    except RuntimeFault as fault:
        console.print(f"[red]✗[/red] {escape(str(fault))}", highlight=False, soft_wrap=True)
        raise typer.Exit(exit_codes.FAILED) from fault
    except Interrupted as interrupted:
        raise typer.Exit(interrupted.exit_code) from interrupted


async def _run(supervisor: Supervisor, run: Run, port: int | None, workers: int | None) -> None:
    helper = StartHelper(run)
    try:
        checked = await _checked(helper)
        ports = {**checked.ports, "gateway": port or checked.ports.get("gateway", GATEWAY_PORT)}
        async with claimed(run.folder):
            for name, chosen in ports.items():
                require_free(chosen, "--port or " * (name == "gateway") + port_variable(name))
            async with supervisor:
                urls = await _servers(supervisor, run.folder, checked, helper)
                groups = in_groups(_processes(ports, workers))
                await _services(supervisor, run.folder / "logs", groups, urls, helper)
                await helper.end()
                await _until_stopped(supervisor, ports["gateway"])
    finally:
        await helper.end()


async def _until_stopped(supervisor: Supervisor, port: int) -> None:
    """Wait until all is ready, then until this task is cancelled."""
    await supervisor.until_ready(within_seconds=120)
    console.print(f"[bold]Adrelay is up:[/bold] http://127.0.0.1:{port}/docs  (Ctrl-C stops it)")
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.print("stopping ... (Ctrl-C again: at once)")


async def _checked(helper: StartHelper) -> Checked:
    """Return the settings, and print what is to be said about them; exit if any are invalid."""
    checked = await helper.check()
    for remark in checked.remarks:
        console.print(remark, highlight=False, soft_wrap=True)
    if not checked.valid:
        raise typer.Exit(exit_codes.SETTINGS)
    return checked


def _processes(ports: Mapping[str, int], workers: int | None) -> list[Process]:
    return [one_process(ports=ports)] if workers is None else processes(workers=workers, ports=ports)


async def _servers(
    supervisor: Supervisor, folder: Path, checked: Checked, helper: StartHelper
) -> dict[str, str]:
    """Start the servers that no setting names, at the same time, and return their URLs by variable."""
    postgres = EmbeddedPostgres(folder / "postgres", services=SERVICES, prepare=helper.prepare_roles)
    nats = EmbeddedNats(
        folder / "nats", services=SERVICES, prefix=checked.prefix, create_stream=helper.create_stream
    )
    wanted = ((postgres, checked.lack_database), (nats, checked.lack_broker))
    supervisor.supervise(*(server for server, lacking in wanted if lacking))
    await supervisor.until_ready()
    databases = {url_variable(name): postgres.url_of(name) for name in checked.lack_database}
    return databases | {nats_variable(name): nats.url_of(name) for name in checked.lack_broker}


async def _services(
    supervisor: Supervisor,
    logs: Path,
    groups: list[list[Process]],
    urls: Mapping[str, str],
    helper: StartHelper,
) -> None:
    settings = iter(await helper.settings(urls, [list(one.ports) for group in groups for one in group]))
    for group in groups:
        supervisor.supervise(*(one.service(next(settings), logs) for one in group))


def _print_status(status: Status) -> None:
    colour = _COLOURS.get(status.state, "dim")
    text = escape(f"{status.name} {status.detail}".rstrip())
    console.print(f"[{colour}]{status.state:<10}[/{colour}] {text}", highlight=False, soft_wrap=True)
