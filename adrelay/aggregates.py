"""Every kind of stream: which service keeps it, and what folds its events into a state."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

from libs.eventsourcing import Decider


@dataclass(frozen=True)
class Aggregate:
    """The streams of one category."""

    service: str
    package: str
    """In which package of the service its decider stands."""
    name: str

    @property
    def decider(self) -> Decider[Any, Any, Any]:
        """What folds its events. Imported here, for whoever only wants the names would wait for it."""
        module = import_module(f"services.{self.service}.{self.package}.domain")
        return cast("Decider[Any, Any, Any]", getattr(module, self.name))


AGGREGATES = {
    "order": Aggregate("billing", "order", "ORDER"),
    "product": Aggregate("billing", "product", "PRODUCT"),
    "adbot": Aggregate("provisioning", "adbot", "ADBOT"),
    "pair": Aggregate("provisioning", "pair", "PAIR"),
    "session": Aggregate("provisioning", "session", "SESSION"),
    "schedule": Aggregate("scheduler", "schedule", "SCHEDULE"),
    "permissions": Aggregate("scheduler", "permissions", "PERMISSIONS"),
    "apipair": Aggregate("forwarder", "pair", "PAIR"),
    "client": Aggregate("forwarder", "client", "CLIENT"),
    "cycle": Aggregate("forwarder", "cycle", "CYCLE"),
    "account": Aggregate("gateway", "account", "ACCOUNT"),
    "inbox": Aggregate("gateway", "inbox", "INBOX"),
}
"""By category, the part of a stream's name before the first hyphen."""


def streams_of(service: str, key: str) -> list[str]:
    """Return the names of a service's streams that an id may stand for."""
    return [key] + [
        f"{category}-{key}" for category, aggregate in AGGREGATES.items() if aggregate.service == service
    ]
