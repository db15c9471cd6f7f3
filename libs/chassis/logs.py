"""Structured logs, one line per event, without secrets; a log file is rotated."""

import logging
import os
import re
import sys
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Literal, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from libs.chassis.sampling import SampledLines

FILE_BYTES = 10 * 1024 * 1024
OLD_FILES_KEPT = 4
_SECRET_NAMES = re.compile(
    r"secret|password|passphrase|token|api_hash|api_key|access_code|auth_key|authorization|cookie"
    r"|session_string|signature$",
    re.IGNORECASE,
)
_SERVER = "uvicorn.error"
_SERVER_LINES = SampledLines(_SERVER)
"""Uvicorn's lines about requests that are no HTTP, or ask for a WebSocket."""
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*(?=@)")


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Mask values that are named like secrets, and credentials in URLs."""
    for name, value in event.items():
        event[name] = _clean(name, value)
    return event


def _clean(name: object, value: object) -> object:
    if isinstance(name, str) and _SECRET_NAMES.search(name):
        return "***"
    if isinstance(value, str):
        return _CREDENTIALS.sub("***", value) if "://" in value else value
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {inner: _clean(inner, held) for inner, held in items}
    if isinstance(value, list | tuple):
        return [_clean(None, held) for held in cast("list[object]", value)]
    return value


class OwnFile(RotatingFileHandler):
    """A rotating log file of this process, which its standard output and error go to as well.

    A file that has become too long is renamed to `.1`, that one to `.2`, and so on; the oldest is deleted.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        super().__init__(path, maxBytes=FILE_BYTES, backupCount=OLD_FILES_KEPT, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for printed in (1, 2):
            os.dup2(descriptor, printed)
        return os.fdopen(descriptor, "a", encoding="utf-8")

    def shouldRollover(self, record: logging.LogRecord) -> bool:  # noqa: N802 - its name there
        """Return whether the file is too long; unlike the library, without formatting the line for that."""
        del record
        return self.stream is not None and os.fstat(self.stream.fileno()).st_size >= self.maxBytes


def configure(
    service: str, *, level: str, style: Literal["json", "console"], file: Path | None = None
) -> None:
    """Send all logs of this process in one format to a file of its own, or to standard error."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact,
    ]
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer()
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = OwnFile(file) if file is not None else logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("httpx", "httpcore", "uvicorn.access", "telethon", "faststream", "nats"):
        logging.getLogger(noisy).setLevel("WARNING")
    server = logging.getLogger(_SERVER)
    server.setLevel(max(root.level, logging.INFO))  # below, it writes what is sent over WebSockets
    server.addFilter(_SERVER_LINES)
    structlog.contextvars.bind_contextvars(service=service)
