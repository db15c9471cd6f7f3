"""The forwarder's processes."""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from services.forwarder.settings import ForwarderSettings
from tests.support.process import Process, started


def environment(settings: ForwarderSettings) -> dict[str, str]:
    """Return the environment of a process with these settings."""
    found = {"PATH": os.environ["PATH"]}
    for name, value in settings:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if plain is not None:
            found[f"ADRELAY_FORWARDER_{name.upper()}"] = str(plain)
    return found


@asynccontextmanager
async def running(settings: ForwarderSettings, logs: Path, *, worker: bool = True) -> AsyncGenerator[Process]:
    """Run a worker, or the service itself, in a process that is killed at the end of the block."""
    module = "services.forwarder.worker" if worker else "services.forwarder"
    log = logs / f"{module}-{uuid4().hex[:8]}.log"
    process = await started(module, environment(settings), log)
    try:
        yield process
    finally:
        await process.stopped()
