"""The command that runs the sandbox as a process."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Annotated

import typer

from sandbox.mail.server import MailSandbox
from sandbox.mail.settings import Encryption, SandboxSettings

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command("mail")
def run(
    *,
    port: Annotated[int, typer.Option(min=0, max=65535, help="The SMTP port; 0: a free one.")] = 0,
    control_port: Annotated[
        int, typer.Option(min=0, max=65535, help="The control API's port; 0: a free one.")
    ] = 0,
    host: Annotated[
        str, typer.Option(help="The host of the control API, which needs no key: keep it on loopback.")
    ] = "127.0.0.1",
    encryption: Annotated[Encryption, typer.Option(help="How connections are encrypted.")] = "none",
    user: Annotated[str, typer.Option(help="The user that must sign in; nobody by default.")] = "",
    password: Annotated[str, typer.Option(envvar="MAIL_SANDBOX_PASSWORD", help="The user's.")] = "",
    certificate_file: Annotated[
        Path | None, typer.Option(help="A file for the certificate to trust, as PEM.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option(help="A file for its addresses as JSON, written once it serves.")
    ] = None,
) -> None:
    """Run a mail server that stores all mails and delivers none, until it is interrupted."""
    try:
        settings = SandboxSettings(encryption=encryption, user=user, password=password)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    sandbox = MailSandbox(settings, host=host, port=port, control_port=control_port)
    if certificate_file is not None:
        certificate_file.write_text(sandbox.certificate)
    asyncio.run(_serve(sandbox, ready_file))


async def _serve(sandbox: MailSandbox, ready_file: Path | None) -> None:
    """Serve until a signal arrives."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    async with sandbox:
        ready = json.dumps({"host": sandbox.host, "port": sandbox.port, "control_url": sandbox.control_url})
        if ready_file is not None:
            _write_whole(ready_file, ready)
        typer.echo(ready)
        await interrupted.wait()


def _write_whole(file: Path, text: str) -> None:
    """Write the file atomically."""
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(f"{text}\n")
    draft.replace(file)


if __name__ == "__main__":
    app()
