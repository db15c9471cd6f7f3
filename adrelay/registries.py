"""The services' registries, each imported on demand."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from libs.events.categories import CATEGORIES

if TYPE_CHECKING:
    from libs.eventsourcing import Decider, Registry


def registry_of(service: str) -> "Registry[Any]":
    """Return a service's registry."""
    return cast("Registry[Any]", import_module(f"services.{service}.registry").REGISTRY)


def decider_of(category: str) -> "Decider[Any, Any, Any] | None":
    """Return the decider of a stream category, None if no service has such streams."""
    service = CATEGORIES.get(category)
    return None if service is None else registry_of(service).deciders[category]


def streams_of(service: str, key: str) -> list[str]:
    """Return the names of a service's streams that may have this id."""
    return [key] + [f"{category}-{key}" for category, keeper in CATEGORIES.items() if keeper == service]
