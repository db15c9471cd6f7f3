"""Structured logs, one line an event, with nothing secret in them."""

import logging
import re
import sys
from typing import Literal, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from libs.chassis.sampling import SampledLines

_SECRET_NAMES = re.compile(
    r"secret|password|passphrase|token|api_hash|api_key|access_code|auth_key|authorization|cookie"
    r"|session_string|signature$",
    re.IGNORECASE,
)
_SERVER = "uvicorn.error"
_SERVER_LINES = SampledLines(_SERVER)
"""Uvicorn writes a line for each request that is no HTTP, or asks for a WebSocket."""
_CREDENTIALS = re.compile(r"(?<=://)[^/\s]*(?=@)")


def _redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide what is named like a secret, and credentials inside URLs."""
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


def configure(service: str, *, level: str, style: Literal["json", "console"]) -> None:
    """Send all logs of this process to standard error, in one form."""
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
    handler = logging.StreamHandler(sys.stderr)
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
    logging.getLogger(_SERVER).addFilter(_SERVER_LINES)
    structlog.contextvars.bind_contextvars(service=service)
