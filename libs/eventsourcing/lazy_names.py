"""Names of a package that are imported from their modules at their first use."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module


def imported_at_first_use(package: str, root: str, homes: Mapping[str, str]) -> Callable[[str], object]:
    """Return the `__getattr__` of a package whose names are in these modules below `root`, by name."""

    def get(name: str) -> object:
        if name not in homes:
            message = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(message)
        found = getattr(import_module(f"{root}.{homes[name]}"), name)
        setattr(sys.modules[package], name, found)
        return found

    return get
