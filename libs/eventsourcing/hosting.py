"""What a host of services needs: base and owners of commands and events, tables of its own, deadlines."""

from libs.eventsourcing.model.event import Contract, owner_of
from libs.eventsourcing.store.deadlines import database_deadline
from libs.eventsourcing.store.schema import make_once

__all__ = [
    "Contract",
    "database_deadline",
    "make_once",
    "owner_of",
]
