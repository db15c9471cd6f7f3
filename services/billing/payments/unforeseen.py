"""Unexpected errors of one payment or order, which must not block the others."""

from collections.abc import Generator
from contextlib import contextmanager

from libs.eventsourcing import Refused
from libs.eventsourcing.errors import StatementRejected, Transient
from services.billing.ports import PaymentDeclined, ProviderUnavailable


class Unforeseen(Exception):
    """An unexpected exception while handling a provider's answer; the cause is its `__cause__`."""


@contextmanager
def asking() -> Generator[None]:
    """Raise exceptions that the provider's port does not declare as `Unforeseen`."""
    try:
        yield
    except (ProviderUnavailable, PaymentDeclined):
        raise
    except Exception as error:
        raise Unforeseen(type(error).__name__) from error


@contextmanager
def recording() -> Generator[None]:
    """Raise exceptions other than refusals and transient errors as `Unforeseen`.

    These include a rejected statement: the database works and rejects this answer's data, such as a payment
    of another order.
    """
    try:
        yield
    except (Refused, Transient):
        raise
    except StatementRejected as error:
        raise Unforeseen(type(error.__cause__ or error).__name__) from error
    except Exception as error:
        raise Unforeseen(type(error).__name__) from error
