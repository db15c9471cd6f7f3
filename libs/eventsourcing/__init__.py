"""An event store on PostgreSQL with a relay to NATS JetStream, and what decides, folds and reacts upon it.

Here is what a service is written with. `errors`, `values`, `background` and `hosting` have what fewer need,
`testing` what tests need, and `operations` what tools ask. The packages import one way: `model` and `loops`,
`store` and `stream`, `projections`, `writing`, `readers`, `relaying`, `operations`.

Each name is imported at its first use: the contract needs `model` alone, neither database nor broker.
"""

from typing import TYPE_CHECKING

from libs.eventsourcing.lazy_names import imported_at_first_use

if TYPE_CHECKING:
    from libs.eventsourcing.model.catalogue import EventCatalogue
    from libs.eventsourcing.model.decider import Decider, Snapshots
    from libs.eventsourcing.model.envelope import Cause, Causes
    from libs.eventsourcing.model.errors import ImpossibleEvent, Refused
    from libs.eventsourcing.model.event import Command, Event
    from libs.eventsourcing.projections.projection import Projection
    from libs.eventsourcing.projections.sql import Row, Sql, TableSql
    from libs.eventsourcing.readers.reactions import Reactions
    from libs.eventsourcing.readers.reader import Reader
    from libs.eventsourcing.registry import Registry
    from libs.eventsourcing.relaying.relay import Relay
    from libs.eventsourcing.stream.event_stream import EventStream
    from libs.eventsourcing.writing.commands import CommandHandlers, Scope
    from libs.eventsourcing.writing.engine import Engine
    from libs.eventsourcing.writing.timers import Timers
    from libs.eventsourcing.writing.unit_of_work import UnitOfWork

__all__ = [
    "Cause",
    "Causes",
    "Command",
    "CommandHandlers",
    "Decider",
    "Engine",
    "Event",
    "EventCatalogue",
    "EventStream",
    "ImpossibleEvent",
    "Projection",
    "Reactions",
    "Reader",
    "Refused",
    "Registry",
    "Relay",
    "Row",
    "Scope",
    "Snapshots",
    "Sql",
    "TableSql",
    "Timers",
    "UnitOfWork",
]

_HOMES = {
    "Cause": "model.envelope",
    "Causes": "model.envelope",
    "Command": "model.event",
    "CommandHandlers": "writing.commands",
    "Decider": "model.decider",
    "Engine": "writing.engine",
    "Event": "model.event",
    "EventCatalogue": "model.catalogue",
    "EventStream": "stream.event_stream",
    "ImpossibleEvent": "model.errors",
    "Projection": "projections.projection",
    "Reactions": "readers.reactions",
    "Reader": "readers.reader",
    "Refused": "model.errors",
    "Registry": "registry",
    "Relay": "relaying.relay",
    "Row": "projections.sql",
    "Scope": "writing.commands",
    "Snapshots": "model.decider",
    "Sql": "projections.sql",
    "TableSql": "projections.sql",
    "Timers": "writing.timers",
    "UnitOfWork": "writing.unit_of_work",
}

if not TYPE_CHECKING:  # else checkers would take any name for one of these
    __getattr__ = imported_at_first_use(__name__, __name__, _HOMES)
