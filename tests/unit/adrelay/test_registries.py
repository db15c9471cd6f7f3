"""Registries: complete for each service, and used by the command line."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import libs.events
import services
from adrelay.names import SERVICES, TABLES
from adrelay.registries import decider_of, registry_of, streams_of
from libs.events.categories import CATEGORIES
from libs.eventsourcing import Command, Decider, Projection
from libs.eventsourcing.hosting import owner_of


def declared(service: str, room: str) -> Iterator[object]:
    """Return the components of a service that are defined in its modules, or its folder, of that name."""
    package = importlib.import_module(f"services.{service}")
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if room in module.name.split("."):
            yield from vars(importlib.import_module(module.name)).values()


@pytest.mark.parametrize("service", SERVICES)
def test_a_registry_lists_every_decider_of_its_service(service: str) -> None:
    found = {value.category for value in declared(service, "domain") if isinstance(value, Decider)}
    assert set(registry_of(service).deciders) == found
    assert found == {category for category, keeper in CATEGORIES.items() if keeper == service}


@pytest.mark.parametrize("service", SERVICES)
def test_a_registry_lists_every_table_of_its_service(service: str) -> None:
    registry = registry_of(service)
    found = {value.name for value in declared(service, "tables") if isinstance(value, Projection)}
    assert {table.name for table in (*registry.state_tables, *registry.read_models)} == found
    assert found == set(TABLES[service])


@pytest.mark.parametrize("service", SERVICES)
def test_state_tables_are_folded_from_the_services_own_events_only(service: str) -> None:
    for table in registry_of(service).state_tables:
        assert {owner_of(kind) for kind in table.events} == {service}


@pytest.mark.parametrize("service", SERVICES)
def test_a_registry_lists_every_command_of_its_service(service: str) -> None:
    assert registry_of(service).commands.commands == {
        kind for kind in commands() if owner_of(kind) == service
    }


def test_streams_are_found_by_category() -> None:
    assert streams_of("billing", "7") == ["7", "order-7", "product-7"]
    assert decider_of("nothing") is None
    decider = decider_of("order")
    assert decider is not None
    assert decider.category == "order"


def commands() -> Iterator[type[Command]]:
    """Return the commands of the contract, whatever their modules."""
    for module in pkgutil.walk_packages(libs.events.__path__, f"{libs.events.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, Command) and value is not Command:
                yield value


def test_every_service_has_a_registry() -> None:
    folders = {module.name for module in pkgutil.iter_modules(services.__path__)}
    assert folders == set(SERVICES)
