"""The catalogue of all event types."""

from functools import cache

from libs.events import billing, forwarder, gateway, provisioning, scheduler
from libs.eventsourcing.model.catalogue import EventCatalogue, types_in


@cache
def published() -> EventCatalogue:
    """Return the catalogue of the events of all services."""
    modules = (billing, provisioning, scheduler, forwarder, *gateway.MODULES)
    return EventCatalogue(kind for module in modules for kind in types_in(module))
