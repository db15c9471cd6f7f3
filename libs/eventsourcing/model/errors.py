"""Errors in three families, by what the caller is to do: show it, retry, or make a dead letter.

An exception of no family is a bug: raised by a handler it is blamed on the event at hand, raised anywhere
else it ends the loop.
"""

from enum import StrEnum


class Refused(Exception):
    """The request is refused, for a reason that the caller can act on.

    `code` is stable and part of the interface; `detail` is for people.
    """

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


class Transient(Exception):
    """Infrastructure failed, or a conflict was lost: retry with backoff."""


class Poison(Exception):
    """An event, a statement or its handler is at fault: a retry fails again."""


# -- transient


class Unavailable(Transient):
    """The database or the broker does not answer, is overloaded, or has lost the connection."""


class Conflict(Transient):
    """A concurrent transaction won: retry at once, on freshly loaded state."""


class WrongExpectedVersion(Conflict):
    """The stream is at another version than the decision was made on."""


class Remedy(StrEnum):
    """What an operator can do where waiting does not help."""

    ROLL_BACK = "roll back"
    """Swap the archived tables of this program's version in again."""
    RETIRE = "retire"
    """Retire the table that no program folds any more."""
    VERIFY = "verify"
    """Compare the store with the stream."""
    REBASE = "rebase"
    """Order new events behind all that the restored store holds."""


class OperatorNeeded(Transient):
    """Store, stream and program do not match until an operator acts.

    `remedy` says how, None if it depends; `service` and `table` say on what, where the error is about one.
    """

    def __init__(
        self, message: str, remedy: Remedy | None = None, *, service: str = "", table: str = ""
    ) -> None:
        super().__init__(message)
        self.remedy = remedy
        self.service = service
        self.table = table


class OutdatedTables(OperatorNeeded):
    """The database holds projections of other versions than this program's."""


# -- poison


class ImpossibleEvent(Poison):
    """A stream holds an event that can't follow the one before it."""


class UnknownEvent(Poison, LookupError):
    """An event's type, or its schema, is newer than this program: upgrade it before reading on."""


class InvalidAppend(Poison, ValueError):
    """An append has an invalid stream name, is too large, or holds a NUL character."""


class StatementRejected(Poison):
    """PostgreSQL rejects a statement for its syntax, its data, or a constraint."""


class DuplicateRow(StatementRejected):
    """A statement inserts a row that another one inserted already."""


# -- seen by the engine alone


class CarriedOut(Exception):
    """The command was carried out before: its effect must not happen again."""
