"""Every aggregate of every service can be shown."""

import importlib
import pkgutil

import services
from adrelay.aggregates import AGGREGATES
from libs.eventsourcing import Decider


def test_every_decider_of_every_service_is_known() -> None:
    found: dict[str, str] = {}
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if module.name.endswith(".domain"):
            for value in vars(importlib.import_module(module.name)).values():
                if isinstance(value, Decider):
                    found[value.category] = module.name.split(".")[1]
    assert found == {category: aggregate.service for category, aggregate in AGGREGATES.items()}
    assert list(AGGREGATES) == [aggregate.decider.category for aggregate in AGGREGATES.values()]
