"""Questions about the tables that a service folds from events, and rebuilding them."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from libs.events.questions import Question, Reply


class ShadowSummary(Reply):
    """Shadow tables: unfinished ones of a rebuild, ones being checked, or archived ones."""

    version: int
    purpose: str
    """`building`, `checking` or `archived`."""
    begun_at: datetime
    folded: int
    """Events that are folded into them."""
    bytes: int


class TableSummary(Reply):
    """A table, or a few tables of one schema, that a service folds from events."""

    name: str
    kind: str
    """`state`: of its own events, with each append. `read`: a read model, folded by a reader."""
    version: int
    """The version that the program folds."""
    running: int | None
    """The version that runs; None if none does."""
    rows: int
    """As the database estimates them."""
    bytes: int
    shadows: tuple[ShadowSummary, ...]


class ServiceTablesReply(Reply):
    """The tables of a service."""

    tables: tuple[TableSummary, ...]


class ListTables(Question[ServiceTablesReply]):
    """Which tables the service folds."""

    reply: ClassVar[type[Reply]] = ServiceTablesReply


class RebuildPlan(Reply):
    """What a rebuild would do."""

    table: str
    kind: str
    version: int
    running: int | None
    events: int
    """How many events it reads."""
    begun_at: datetime | None
    """When an unfinished rebuild began, which this one resumes; None if it begins anew."""
    folded: int
    """Events that the unfinished one has folded."""
    replaces_archive_of: datetime | None
    """When the archived tables began to be built that would be dropped for those that run now."""


class PlanRebuild(Question[RebuildPlan]):
    """What a rebuild of a table would do. Refused with `unknown_table`."""

    reply: ClassVar[type[Reply]] = RebuildPlan

    table: str


class RebuildState(StrEnum):
    """The state of a rebuild."""

    RUNNING = "RUNNING"
    SWAPPING = "SWAPPING"
    """All but the last events are folded; the tables are swapped in as soon as nobody writes."""
    DONE = "DONE"
    FAILED = "FAILED"


class Rebuild(Reply):
    """A rebuild of a table, by one process of its service."""

    table: str
    state: RebuildState
    began_at: datetime
    ended_at: datetime | None
    passed: int
    """Events that it has read."""
    events: int
    """Events that are to be read; there may come more."""
    events_a_second: float
    error: str
    """Why it failed, in words; empty if it did not."""


class StartRebuild(Question[Rebuild]):
    """Rebuild a table while the service works, resuming one that was interrupted.

    The health of the process has its progress. Refused with `unknown_table`, or with `tables_busy` if tables
    of the service are being rebuilt or checked.
    """

    reply: ClassVar[type[Reply]] = Rebuild

    table: str
