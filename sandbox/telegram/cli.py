"""`adrelay sandbox telegram`: a sandbox as a process."""

import asyncio
import json
import os
import signal
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from sandbox.telegram.control import ControlServer
from sandbox.telegram.errors import SandboxError
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import WorldSpec

app = typer.Typer(help="A Telegram for tests: an MTProto server with a control over HTTP.")


@app.command()
def run(
    host: Annotated[str, typer.Option(help="The IP address to listen on; sessions carry it.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="MTProto's port; 0 takes a free one.")] = 0,
    control_port: Annotated[int, typer.Option(help="The control's port on loopback; 0: a free one.")] = 0,
    world: Annotated[Path | None, typer.Option(help="A JSON file with the initial world.")] = None,
    public_key_file: Annotated[
        Path | None,
        typer.Option(help="A file for its RSA key, as PEM; a temporary one by default."),
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="A file that is written once everything listens.")
    ] = None,
) -> None:
    """Run a Telegram sandbox until it is interrupted; the first line has its addresses, as JSON."""
    document = _read(world) if world else WorldSpec()
    try:
        asyncio.run(
            _serve(TelegramSandbox(host, port), control_port, document, (public_key_file, ready_file))
        )
    except (SandboxError, OSError) as error:
        typer.echo(f"the sandbox can't run: {error}", err=True)
        raise typer.Exit(1) from error


def _read(world: Path) -> WorldSpec:
    try:
        return WorldSpec.model_validate_json(world.read_bytes())
    except (OSError, ValidationError) as error:
        typer.echo(f"{world} is not a world: {error}", err=True)
        raise typer.Exit(2) from error


async def _serve(
    sandbox: TelegramSandbox, control_port: int, world: WorldSpec, written: tuple[Path | None, Path | None]
) -> None:
    public_key_file, ready_file = written
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    control = ControlServer(sandbox, control_port)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="telegram-sandbox-")))
        await stack.enter_async_context(sandbox)
        sandbox.load(world)
        await control.start()
        stack.push_async_callback(control.stop)
        _announce(sandbox, control.url, (public_key_file or folder / "public_key.pem").absolute(), ready_file)
        await ended.wait()


def _announce(sandbox: TelegramSandbox, control_url: str, key_file: Path, ready_file: Path | None) -> None:
    key_file.write_text(sandbox.public_key_pem)
    line = json.dumps(
        {
            "host": sandbox.host,
            "port": sandbox.port,
            "control_url": control_url,
            "dc_id": sandbox.dc_id,
            "public_key_file": str(key_file),
        }
    )
    if ready_file is not None:  # renamed into place, so that it is never seen incomplete
        draft = ready_file.with_name(f"{ready_file.name}.{os.getpid()}")
        draft.write_text(line + "\n")
        draft.replace(ready_file)
    typer.echo(line)
