"""The operator's commands as processes."""

import asyncio
from pathlib import Path

from tests.integration.events_cli.program import CommandResult
from tests.integration.gateway.shop import ADMIN_TOKEN
from tests.support.forked import command, environment


async def adrelay(
    url: str | None, *arguments: str, token: str | None = ADMIN_TOKEN, folder: Path | None = None
) -> CommandResult:
    """Run a command of the operator; return its exit code and output."""
    settings = {"ADRELAY_GATEWAY_URL": url, "ADRELAY_GATEWAY_ADMIN_TOKEN": token}
    process = await asyncio.create_subprocess_exec(
        *await command(*arguments),
        env=environment({name: value for name, value in settings.items() if value is not None}),
        cwd=folder or Path("/"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return CommandResult(process.returncode or 0, out.decode(), err.decode())
