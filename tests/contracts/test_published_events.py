"""Events are for ever: what was published once is read for ever, and keeps its shape."""

import importlib.util
import json
from pathlib import Path

import pytest

from libs.events.catalogue import published
from libs.eventsourcing import Event
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.model.catalogue import subject_of
from tests.contracts.examples import EXAMPLES
from tests.contracts.golden import FOLDER, file_of, golden

KINDS = list(published())
FILES = sorted(FOLDER.glob("*.json"))
SERVICES = {"billing", "provisioning", "scheduler", "forwarder", "gateway"}
COMMAND = "python -m tests.contracts.golden"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_looks_as_its_golden_file_says(kind: type[Event]) -> None:
    assert kind.__name__ in EXAMPLES, f"{kind.__name__} needs an example in tests/contracts/examples.py"
    assert file_of(kind).exists(), f"{kind.__name__} needs a golden file: run `{COMMAND}`"
    wanted = json.loads(file_of(kind).read_text())
    assert golden(EXAMPLES[kind.__name__]) == wanted, (
        f"{kind.__name__} has changed. A published event is never edited: raise its `schema_version`, add an "
        f"upcast, and run `{COMMAND}`"
    )


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_schema_that_was_ever_published_is_still_read(path: Path) -> None:
    stored = json.loads(path.read_text())
    assert path.name == f"{stored['type']}.v{stored['schema']}.json"
    event = published().decode(stored["type"], stored["schema"], json.dumps(stored["data"]))
    if stored["schema"] == type(event).schema_version:
        assert event == EXAMPLES[stored["type"]]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_old_schema_has_an_upcast_and_a_golden_file(kind: type[Event]) -> None:
    older = range(1, kind.schema_version)
    assert set(kind.upcasts) == set(older)
    for schema in older:
        assert (FOLDER / f"{kind.__name__}.v{schema}.json").exists()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_says_what_it_means(kind: type[Event]) -> None:
    own = vars(kind).get("__doc__")
    assert isinstance(own, str)
    first_line = own.strip().splitlines()[0]
    assert len(first_line) > 10


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_is_owned_by_the_module_of_its_service(kind: type[Event]) -> None:
    owner = owner_of(kind)
    assert owner in SERVICES
    assert kind.__module__.split(".")[:3] == ["libs", "events", owner]
    assert importlib.util.find_spec(f"services.{owner}") is not None
    assert subject_of(kind) == f"{owner}.{kind.__name__}"


def test_there_is_no_example_of_what_is_not_published() -> None:
    assert set(EXAMPLES) == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_has_no_room_for_a_secret(kind: type[Event]) -> None:
    shape = json.dumps(kind.model_json_schema())
    assert '"writeOnly"' not in shape
    assert '"password"' not in shape
