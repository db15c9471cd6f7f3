"""Unexpected errors about one payment or order, which must not delay the others."""

from collections.abc import Generator
from contextlib import contextmanager

from libs.eventsourcing import Refused
from libs.eventsourcing.errors import StatementRejected, Transient
from services.billing.ports import PaymentDeclined, ProviderUnavailable


class Unforeseen(Exception):
    """An answer of the provider broke something in a way that nobody thought of; the cause says what."""


@contextmanager
def asking() -> Generator[None]:
    """Raise as `Unforeseen` every error that the provider's port does not declare."""
    try:
        yield
    except (ProviderUnavailable, PaymentDeclined):
        raise
    except Exception as error:
        raise Unforeseen(type(error).__name__) from error


@contextmanager
def recording() -> Generator[None]:
    """Raise as `Unforeseen` every error but refusals and transient errors of the database.

    A rejected statement is: the database is well, it is this answer that it can't take, such as a payment
    that is another order's.
    """
    try:
        yield
    except (Refused, Transient):
        raise
    except StatementRejected as error:
        raise Unforeseen(type(error.__cause__ or error).__name__) from error
    except Exception as error:
        raise Unforeseen(type(error).__name__) from error
