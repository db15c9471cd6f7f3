"""The broker's errors, in the engine's families."""

from collections.abc import Generator
from contextlib import contextmanager

from nats.errors import Error as NatsError

from libs.eventsourcing.model.errors import Unavailable


@contextmanager
def broker_errors() -> Generator[None]:
    """Raise the broker's errors as `Unavailable`; let all others through."""
    try:
        yield
    except NatsError as error:
        raise Unavailable(repr(error)) from error
