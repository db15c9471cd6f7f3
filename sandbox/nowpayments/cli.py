"""The command that runs the sandbox as a process."""

import asyncio
import json
import signal
import time
from pathlib import Path
from typing import Annotated

import typer

from sandbox.nowpayments.messages import Redeposits
from sandbox.nowpayments.server import NowPaymentsSandbox
from sandbox.nowpayments.settings import SandboxSettings

app = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)


@app.command("nowpayments")
def run(  # noqa: PLR0913 - each is an option
    *,
    api_key: Annotated[
        str, typer.Option(envvar="NOWPAYMENTS_SANDBOX_API_KEY", help="The key that merchants must send.")
    ],
    ipn_secret: Annotated[
        str, typer.Option(envvar="NOWPAYMENTS_SANDBOX_IPN_SECRET", help="Signs the notifications.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 takes a free one.")] = 0,
    host: Annotated[
        str, typer.Option(help="The host of the control API, which needs no key: keep it on loopback.")
    ] = "127.0.0.1",
    ready_file: Annotated[
        Path | None, typer.Option(help="A file for its addresses as JSON, written once it serves.")
    ] = None,
    retries: Annotated[int, typer.Option(min=0, help="The number of retries of a notification.")] = 3,
    retry_seconds: Annotated[float, typer.Option(min=0, help="The seconds between them.")] = 60,
    redeposits: Annotated[
        Redeposits, typer.Option(help="The final status of a further deposit to a payment's address.")
    ] = "finished",
    memo_coin: Annotated[
        list[str] | None,
        typer.Option(help="A coin whose payments need a memo, xrp if none is given; may be repeated."),
    ] = None,
) -> None:
    """Run a sandbox of the NOWPayments provider until it is interrupted."""
    try:
        settings = SandboxSettings(
            api_key=api_key,
            ipn_secret=ipn_secret,
            retries=retries,
            retry_seconds=retry_seconds,
            redeposits=redeposits,
            memo_coins=frozenset(memo_coin) if memo_coin else frozenset({"xrp"}),
            first_payment_id=_fresh_id(),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    asyncio.run(_serve(NowPaymentsSandbox(settings, host=host, port=port), ready_file))


async def _serve(sandbox: NowPaymentsSandbox, ready_file: Path | None) -> None:
    """Serve until a signal arrives."""
    interrupted = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted.set)
    async with sandbox:
        ready = json.dumps({"url": sandbox.url, "control_url": sandbox.control_url})
        typer.echo(ready)
        if ready_file is not None:
            _write_whole(ready_file, ready)
        await interrupted.wait()


def _write_whole(file: Path, text: str) -> None:
    """Write the file atomically."""
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(f"{text}\n")
    draft.replace(file)


def _fresh_id() -> int:
    """Return a first payment id that no earlier run can have reached at ten payments a second."""
    return int(time.time() * 10)


if __name__ == "__main__":
    app()
