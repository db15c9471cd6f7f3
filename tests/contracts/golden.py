"""The golden files: every published event as JSON, one file per type and schema.

`python -m tests.contracts.golden` writes missing files and changes no other. A published event is never
edited: give it a new `schema_version` and an upcaster, keep the old file, and write the new one. `python -m
tests.contracts.golden --replace TYPE...` rewrites files of events that no store contains yet.
"""

import json
import sys
from pathlib import Path
from typing import Any, cast

from libs.events.catalogue import published
from libs.eventsourcing import Event
from libs.eventsourcing.hosting import owner_of
from tests.contracts.examples import EXAMPLES

FOLDER = Path(__file__).with_name("golden")


def file_of(kind: type[Event]) -> Path:
    """Return the path of the golden file for a type's present schema."""
    return FOLDER / f"{kind.__name__}.v{kind.schema_version}.json"


def shape_of(kind: type[Event]) -> object:
    """Return a type's JSON schema without its prose."""
    return _without_prose(kind.model_json_schema())


def _without_prose(part: object) -> object:
    if isinstance(part, dict):
        fields = cast("dict[str, object]", part)
        fields = {
            name: value
            for name, value in fields.items()
            if not (name in {"title", "description"} and isinstance(value, str))
        }
        return {name: _without_prose(value) for name, value in fields.items()}
    if isinstance(part, list):
        return [_without_prose(item) for item in cast("list[object]", part)]
    return part


def golden(example: Event) -> dict[str, Any]:
    """Return the content of the golden file for an example's type."""
    kind = type(example)
    return {
        "type": kind.__name__,
        "schema": kind.schema_version,
        "owner": owner_of(kind),
        "data": json.loads(example.model_dump_json()),
        "shape": shape_of(kind),
    }


def main(replace: list[str]) -> None:
    """Write missing golden files, and those of the named types."""
    FOLDER.mkdir(exist_ok=True)
    for kind in published():
        path = file_of(kind)
        example = EXAMPLES.get(kind.__name__)
        if example is None:
            sys.exit(f"{kind.__name__} has no example in tests/contracts/examples.py")
        if path.exists() and kind.__name__ not in replace:
            continue
        path.write_text(json.dumps(golden(example), indent=2, ensure_ascii=False) + "\n")
        sys.stdout.write(f"wrote {path.name}\n")


if __name__ == "__main__":
    main([argument for argument in sys.argv[1:] if argument != "--replace"])
