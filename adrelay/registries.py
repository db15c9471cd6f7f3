"""The services' registries, imported when they are needed."""

from importlib import import_module
from typing import Any, cast

from adrelay.names import CATEGORIES
from libs.eventsourcing import Decider, Registry


def registry_of(service: str) -> Registry[Any]:
    """Return what a service consists of."""
    return cast("Registry[Any]", import_module(f"services.{service}.registry").REGISTRY)


def decider_of(category: str) -> Decider[Any, Any, Any] | None:
    """Return what folds the streams of a category, None if no service keeps such streams."""
    service = CATEGORIES.get(category)
    return None if service is None else registry_of(service).deciders[category]


def streams_of(service: str, key: str) -> list[str]:
    """Return the names of a service's streams that an id may stand for."""
    return [key] + [f"{category}-{key}" for category, keeper in CATEGORIES.items() if keeper == service]
