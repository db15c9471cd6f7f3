"""An event store on PostgreSQL with a relay to NATS JetStream, and what decides, folds and reacts upon it.

What a service needs is named here; `testing` has what its tests need, and `operations` what tools ask.
The rooms import one way: `model` and `loops`, `store` and `stream`, `projections`, `writing`, `readers`,
`relaying`, `operations`.
"""

from libs.eventsourcing.loops.cancellation import heed_cancellation
from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.model.envelope import (
    START,
    Cause,
    Causes,
    Cursor,
    Envelope,
    new_id,
    utc_now,
)
from libs.eventsourcing.model.errors import (
    ImpossibleEvent,
    OperatorNeeded,
    Poison,
    Refused,
    Remedy,
    StatementRejected,
    Transient,
)
from libs.eventsourcing.model.event import Command, Contract, Event, owner_of
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.sql import Row, Sql, TableSql
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.readers.reader import Reader
from libs.eventsourcing.registry import Registry
from libs.eventsourcing.relaying.relay import Relay
from libs.eventsourcing.store.schema import make_once
from libs.eventsourcing.stream.event_stream import EventStream
from libs.eventsourcing.writing.commands import CommandHandlers, Scope
from libs.eventsourcing.writing.engine import Engine
from libs.eventsourcing.writing.timer import Timer
from libs.eventsourcing.writing.timers import Timers
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

__all__ = [
    "START",
    "Cause",
    "Causes",
    "Command",
    "CommandHandlers",
    "Contract",
    "Cursor",
    "Decider",
    "Engine",
    "Envelope",
    "Event",
    "EventCatalogue",
    "EventStream",
    "ImpossibleEvent",
    "OperatorNeeded",
    "Poison",
    "Projection",
    "Reactions",
    "Reader",
    "Refused",
    "Registry",
    "Relay",
    "Remedy",
    "Row",
    "Scope",
    "Sql",
    "StatementRejected",
    "TableSql",
    "Timer",
    "Timers",
    "Transient",
    "UnitOfWork",
    "heed_cancellation",
    "make_once",
    "new_id",
    "owner_of",
    "utc_now",
]
