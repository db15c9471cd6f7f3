"""The engine's public names."""

import subprocess
import sys
from types import ModuleType

import pytest

import libs.eventsourcing as engine
from libs.eventsourcing import background, errors, hosting, operations, values

VALUES = {"START", "Row"}


@pytest.mark.parametrize(
    ("module", "most"), [(engine, 23), (background, 8), (errors, 5), (hosting, 4), (values, 6)]
)
def test_each_surface_is_small_and_every_name_of_it_is_described(module: ModuleType, most: int) -> None:
    names: list[str] = module.__all__
    assert len(names) <= most
    assert {name for name in names if getattr(module, name).__doc__} >= set(names) - VALUES


def test_no_name_is_on_two_surfaces() -> None:
    names = [name for module in (engine, background, errors, hosting, values) for name in module.__all__]
    assert sorted(names) == sorted(set(names))


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="Aggregate"):
        getattr(engine, "Aggregate")  # noqa: B009 - checkers know that it is not there


def test_every_name_for_tools_can_be_imported() -> None:
    assert all(getattr(operations, name) is not None for name in operations.__all__)


@pytest.mark.parametrize(
    ("imported", "absent"),
    [
        ("from libs.events.catalogue import published; published()", {"asyncpg", "nats", "msgspec"}),
        ("import adrelay.commands.events.reading.trace", {"nats", "structlog", "fastapi", "telethon"}),
        (
            "import libs.chassis.main, services.scheduler.service",
            {"fastapi", "faststream", "telethon", "httpx", "pygments"},
        ),
        ("import services.forwarder.worker", {"fastapi", "faststream", "telethon", "httpx", "pygments"}),
        ("import services.gateway.__main__", {"faststream", "telethon", "pygments"}),
    ],
)
def test_what_needs_little_imports_little(imported: str, absent: set[str]) -> None:
    program = f"import sys; {imported}; print(sorted({absent!r} & sys.modules.keys()))"
    done = subprocess.run(  # noqa: S603 - this interpreter and a constant program
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"
