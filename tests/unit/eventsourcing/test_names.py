"""The engine does not know the product that uses it."""

import re
from pathlib import Path
from typing import ClassVar

import libs.eventsourcing
import services
from libs.eventsourcing import Command, Event
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.model.catalogue import subject_of

ENGINE = Path(libs.eventsourcing.__file__ or "").parent
NAMES = (
    "adrelay",
    "nowpayments",
    "telegram",
    *(path.parent.name for path in sorted(Path(services.__file__ or "").parent.glob("*/__main__.py"))),
)


class Poured(Event):
    """Something was poured."""

    owner: ClassVar[str] = "kitchen"


class Pour(Command):
    """Pour something."""

    owner: ClassVar[str] = "kitchen"


class PouredAgain(Poured):
    """An event that inherits its owner."""


class Spilt(Event):
    """An event whose module gives its owner."""


def test_the_engine_names_neither_the_product_nor_any_of_its_services() -> None:
    assert {"billing", "gateway"} < set(NAMES)
    found = [
        f"{file.relative_to(ENGINE)}:{number}: {line.strip()}"
        for file in sorted(ENGINE.rglob("*"))
        if file.suffix in {".py", ".sql", ".md"}
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search("|".join(NAMES), line, re.IGNORECASE)
    ]
    assert found == []


def test_a_class_gets_its_owner_from_its_base_or_module() -> None:
    assert [owner_of(kind) for kind in (Poured, PouredAgain, Pour)] == ["kitchen"] * 3
    assert owner_of(Spilt) == "test_names"
    assert subject_of(Poured) == "kitchen.Poured"
    assert "owner" not in Poured.model_json_schema().get("properties", {})
