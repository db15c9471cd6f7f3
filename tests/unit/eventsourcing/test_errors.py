"""The families of errors."""

from collections.abc import Iterable, Iterator

import asyncpg
import nats.errors
import nats.js.errors
import pytest

from libs.chassis.advice import described, with_advice
from libs.eventsourcing import Refused
from libs.eventsourcing.errors import OperatorNeeded, Poison, Remedy, Transient
from libs.eventsourcing.model import errors
from libs.eventsourcing.model.errors import Conflict, DuplicateRow, StatementRejected, Unavailable
from libs.eventsourcing.projections.catch_up import FoldFailed, StreamIncomplete
from libs.eventsourcing.projections.tables import TablesBusy
from libs.eventsourcing.readers.checkpoints import LostCheckpoint
from libs.eventsourcing.store.errors import family_of, postgres_errors
from libs.eventsourcing.store.restored_clusters import RestoredElsewhere, StreamAhead
from libs.eventsourcing.stream.direct_get import StreamUnreadable
from libs.eventsourcing.stream.errors import broker_errors
from libs.eventsourcing.stream.publishing import FencedOut, PublishFailed
from libs.eventsourcing.stream.subscription import ConsumerLost
from libs.eventsourcing.values import Cursor

UNENCODABLE = next(one for one in asyncpg.InterfaceError.__subclasses__() if one.__name__ == "DataError")
"""asyncpg's error for an invalid argument; it has no public name."""
TRANSIENT = (
    Conflict,
    FencedOut,
    ConsumerLost,
    LostCheckpoint,
    OperatorNeeded,
    PublishFailed,
    RestoredElsewhere,
    StreamAhead,
    StreamIncomplete,
    StreamUnreadable,
    TablesBusy,
    Unavailable,
    errors.OutdatedTables,
    errors.WrongExpectedVersion,
)
POISON = (
    DuplicateRow,
    FoldFailed,
    StatementRejected,
    errors.ImpossibleEvent,
    errors.InvalidAppend,
    errors.UnknownEvent,
)


def below(kind: type[Exception]) -> Iterator[type[Exception]]:
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def family(error: Exception) -> type[Exception]:
    with pytest.raises((Transient, Poison)) as raised, postgres_errors(), broker_errors():
        raise error
    assert raised.value.__cause__ is error
    return raised.type


def families(kinds: Iterable[type[Exception]]) -> set[type[Exception]]:
    return {family(kind("it says so")) for kind in kinds}


def test_every_error_of_the_engine_belongs_to_one_family() -> None:
    families = (Refused, Transient, Poison)
    for kind in (*TRANSIENT, *POISON, Refused):
        assert sum(issubclass(kind, one) for one in families) == 1, kind
    assert all(issubclass(kind, Transient) for kind in TRANSIENT)
    assert all(issubclass(kind, Poison) for kind in POISON)


def test_a_lack_of_rights_is_not_the_fault_of_an_event() -> None:
    assert family(asyncpg.InsufficientPrivilegeError("permission denied")) is Unavailable


@pytest.mark.parametrize("kind", [asyncpg.SerializationError, asyncpg.DeadlockDetectedError])
def test_a_serialization_failure_or_deadlock_is_a_conflict(kind: type[Exception]) -> None:
    assert family(kind("it says so")) is Conflict


def test_a_unique_violation_is_a_duplicate_row() -> None:
    assert family(asyncpg.UniqueViolationError("it says so")) is DuplicateRow


@pytest.mark.parametrize(
    "kind",
    [
        asyncpg.DataError,
        asyncpg.IntegrityConstraintViolationError,
        asyncpg.SyntaxOrAccessError,
        asyncpg.RaiseError,
        UNENCODABLE,
    ],
)
def test_an_error_of_a_statement_is_a_rejected_statement(kind: type[Exception]) -> None:
    others = {asyncpg.UniqueViolationError, asyncpg.InsufficientPrivilegeError}
    assert families(set(below(kind)) - others) == {StatementRejected}


def test_any_other_postgresql_error_means_unavailable() -> None:
    own = (
        asyncpg.DataError,
        asyncpg.IntegrityConstraintViolationError,
        asyncpg.SyntaxOrAccessError,
        asyncpg.RaiseError,
        asyncpg.SerializationError,
        asyncpg.DeadlockDetectedError,
    )
    others = [kind for kind in below(asyncpg.PostgresError) if not issubclass(kind, own)]
    assert len(others) > 100
    assert families(others) == {Unavailable}


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InterfaceError("connection is closed"),
        asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"),
        asyncpg.ClientConfigurationError("invalid DSN"),
        ConnectionRefusedError(),
        ConnectionResetError(),
        OSError("no route"),
        TimeoutError(),
    ],
)
def test_a_lost_connection_means_unavailable(error: Exception) -> None:
    assert family(error) is Unavailable


def test_every_broker_error_means_unavailable() -> None:
    kinds = {
        kind
        for module in (nats.errors, nats.js.errors)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, nats.errors.Error)
    }
    assert len(kinds) > 40
    assert {family(kind.__new__(kind)) for kind in kinds} == {Unavailable}


@pytest.mark.parametrize("error", [KeyError("x"), RuntimeError("x"), ValueError("x"), AssertionError()])
def test_an_unknown_error_belongs_to_no_family(error: Exception) -> None:
    assert family_of(error) is None
    with pytest.raises(type(error)) as raised, postgres_errors(), broker_errors():
        raise error
    assert raised.value is error


def test_an_error_of_the_engine_passes_through_unchanged() -> None:
    assert family_of(FencedOut("another relay")) is FencedOut
    with pytest.raises(FencedOut), postgres_errors(), broker_errors():
        raise FencedOut("another relay")


def test_errors_for_operators_name_the_command_that_helps() -> None:
    stale = errors.OutdatedTables("unknown table", Remedy.RETIRE, service="billing", table="sums")
    assert with_advice(stale) == (
        "unknown table; if that is how it should be, run `adrelay events retire billing sums`"
    )
    assert with_advice(errors.OutdatedTables("it depends")) == "it depends"
    ahead = StreamAhead("billing", Cursor(9, 9), Cursor(1, 1))
    assert described(ahead).startswith("StreamAhead('the stream holds events of billing up to 9.9, ")
    assert described(ahead).endswith("; `adrelay events verify` shows what it lacks")
    assert described(FencedOut("by another")) == "FencedOut('by another')"
    assert all("`adrelay events" in with_advice(OperatorNeeded("x", remedy)) for remedy in Remedy)
