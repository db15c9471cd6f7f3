"""A service's declaration: its process, its tests and the tools read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic

from typing_extensions import TypeVar

from libs.eventsourcing.model.catalogue import EventCatalogue
from libs.eventsourcing.model.decider import Decider
from libs.eventsourcing.projections.projection import Projection
from libs.eventsourcing.projections.tables import ServiceTables
from libs.eventsourcing.readers.reactions import Reactions
from libs.eventsourcing.store.connections import APPLICATION
from libs.eventsourcing.writing.commands import CommandHandlers
from libs.eventsourcing.writing.timers import Timers

ContextT = TypeVar("ContextT", default=None)


@dataclass(frozen=True)
class Registry(Generic[ContextT]):
    """A service's aggregates, projections, reactions, command handlers and timers.

    The context is what reactions, command handlers and timers work with besides events and the database.
    """

    service: str
    aggregates: Sequence[Decider[Any, Any, Any]] = ()
    state_tables: Sequence[Projection] = ()
    """Projections of its own events, folded in the append's transaction: decisions may query them."""
    read_models: Sequence[Projection] = ()
    """Projections of any service's events, folded by a reader."""
    reactions: Reactions[ContextT] = field(default_factory=Reactions[ContextT])
    commands: CommandHandlers[ContextT] = field(default_factory=CommandHandlers[ContextT])
    timers: Timers[ContextT] = field(default_factory=Timers[ContextT])

    @cached_property
    def deciders(self) -> Mapping[str, Decider[Any, Any, Any]]:
        """The aggregates by category, the part of a stream's name before the first hyphen."""
        return {decider.category: decider for decider in self.aggregates}

    def tables(self, url: str, catalogue: EventCatalogue, application: str = APPLICATION) -> ServiceTables:
        """Return its tables in the database at this address, for this application."""
        return ServiceTables(
            self.service,
            url,
            catalogue,
            tuple(self.state_tables),
            tuple(self.read_models),
            application,
        )
