"""How long those who wait for an answer wait for the database."""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

_SECONDS = ContextVar[float | None]("database_seconds", default=None)


@contextmanager
def database_deadline(seconds: float) -> Generator[None]:
    """Limit how long each query and each attempt of a unit of work may take in this context.

    That includes waiting for a connection. What takes longer is cancelled and raises `Unavailable`. Tasks
    that begin in this context have the same limit.
    """
    token = _SECONDS.set(seconds)
    try:
        yield
    finally:
        _SECONDS.reset(token)


def database_seconds() -> float | None:
    """Return the limit of this context, None without one."""
    return _SECONDS.get()
