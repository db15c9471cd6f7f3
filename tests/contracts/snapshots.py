"""The code behind each version of an aggregate's snapshots.

A snapshot that older code folded must not be used by code that would fold another state. So a digest of
the modules of `evolve` and of the state is kept with each version. `python -m tests.contracts.snapshots`
writes the digests anew: do so only if the change can't alter a state, and raise the version otherwise.
"""

import ast
import hashlib
import inspect
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, get_args, get_type_hints

from adrelay.registries import registry_of
from adrelay.system import SERVICES
from libs.eventsourcing import Decider

FILE = Path(__file__).with_name("snapshots.json")
CODE = "services."


def deciders() -> dict[str, Decider[Any, Any, Any]]:
    """Return the aggregates that have snapshots, by service and category."""
    return {
        f"{registry.service}.{decider.category}": decider
        for registry in map(registry_of, SERVICES)
        for decider in registry.aggregates
        if decider.snapshots is not None
    }


def pinned(decider: Decider[Any, Any, Any]) -> dict[str, object]:
    """Return the version of an aggregate's snapshots, and the digest of the code behind them."""
    assert decider.snapshots is not None
    modules = {decider.evolve.__module__} | _modules_of(decider.snapshots.state)
    digest = hashlib.sha256()
    for name in sorted(modules):
        digest.update(_code_of(sys.modules[name]).encode())
    return {"version": decider.snapshots.version, "digest": digest.hexdigest()}


def _modules_of(kind: object) -> set[str]:
    """Return the modules of a state's type, and of the types of its fields."""
    found = {module for part in get_args(kind) for module in _modules_of(part)}
    if isinstance(kind, type) and kind.__module__.startswith(CODE):
        found.add(kind.__module__)
        hints = get_type_hints(kind)
        found |= {module for field in hints.values() for module in _modules_of(field)}
    return found


def _code_of(module: ModuleType) -> str:
    """Return a module's code without comments and docstrings."""
    tree = ast.parse(inspect.getsource(module))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [one for one in node.body if not _is_prose(one)]
    return ast.unparse(tree)


def _is_prose(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


if __name__ == "__main__":
    FILE.write_text(
        json.dumps({name: pinned(one) for name, one in sorted(deciders().items())}, indent=2) + "\n"
    )
