"""PostgreSQL's errors, in the engine's families."""

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg

from libs.eventsourcing.model.errors import (
    Conflict,
    DuplicateRow,
    Poison,
    StatementRejected,
    Transient,
    Unavailable,
)

_TROUBLE = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # asyncpg fails so where the server's last words meet a new query
    OSError,  # `TimeoutError` is one
)
_FAMILIES: tuple[tuple[type[Exception] | tuple[type[Exception], ...], type[Transient | Poison]], ...] = (
    ((asyncpg.SerializationError, asyncpg.DeadlockDetectedError), Conflict),
    (asyncpg.UniqueViolationError, DuplicateRow),
    (
        asyncpg.InsufficientPrivilegeError,
        Unavailable,
    ),  # of the role, not of the event: an operator's to grant
    (
        (
            asyncpg.DataError,
            asyncpg.IntegrityConstraintViolationError,
            asyncpg.SyntaxOrAccessError,
            asyncpg.RaiseError,
        ),
        StatementRejected,
    ),
    (_TROUBLE, Unavailable),
)
"""The first class that matches decides."""


def family_of(error: BaseException) -> type[Transient | Poison] | None:
    """Return the family of an error: the engine's own, or one from PostgreSQL or its connection."""
    if isinstance(error, Transient | Poison):
        return type(error)
    if _unsendable(error):
        return StatementRejected
    return next((family for kinds, family in _FAMILIES if isinstance(error, kinds)), None)


def _unsendable(error: BaseException) -> bool:
    """Return whether asyncpg could not encode an argument as the type of its parameter."""
    return isinstance(error, asyncpg.InterfaceError) and (
        isinstance(error, ValueError) and not isinstance(error, asyncpg.ClientConfigurationError)
    )


@contextmanager
def postgres_errors() -> Generator[None]:
    """Raise PostgreSQL's errors as `Unavailable`, `Conflict` or `StatementRejected`; leave all others."""
    try:
        yield
    except _TROUBLE as error:
        family = family_of(error)
        if family is None:
            raise
        raise family(repr(error)) from error
