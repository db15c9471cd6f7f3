"""What a host of services needs: the base of commands and events, their owners, tables of its own."""

from libs.eventsourcing.model.event import Contract, owner_of
from libs.eventsourcing.store.schema import make_once

__all__ = [
    "Contract",
    "make_once",
    "owner_of",
]
