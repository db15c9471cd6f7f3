"""Event types by their names, and how stored data becomes an event again."""

import json
from collections.abc import Callable, Iterable, Iterator
from types import ModuleType

from libs.eventsourcing.model.errors import UnknownEvent
from libs.eventsourcing.model.event import Event, owner_of


class EventCatalogue:
    """The event types that a program can read and write."""

    def __init__(self, types: Iterable[type[Event]]) -> None:
        self._types: dict[str, type[Event]] = {}
        for kind in types:
            if kind.__name__ in self._types:
                message = f"two event types are called {kind.__name__}"
                raise ValueError(message)
            self._types[kind.__name__] = kind
        # what `model_validate_json` calls, without the options that it looks at before each call
        self._newest: dict[tuple[str, int], Callable[[str], Event]] = {
            (kind.__name__, kind.schema_version): kind.__pydantic_validator__.validate_json
            for kind in self._types.values()
        }

    def __iter__(self) -> Iterator[type[Event]]:
        return iter(self._types.values())

    def type(self, name: str) -> type[Event]:
        """Return the event type of that name; raise `UnknownEvent` if there is none."""
        try:
            return self._types[name]
        except KeyError:
            message = f"no event type is called {name!r}"
            raise UnknownEvent(message) from None

    def decode(self, name: str, schema: int, data: str) -> Event:
        """Read stored data, of the current schema or of any older one.

        Raises `UnknownEvent`, or pydantic's `ValidationError` where the data was never valid.
        """
        if (read := self._newest.get((name, schema))) is not None:
            return read(data)
        kind = self.type(name)
        if schema > kind.schema_version:
            message = f"{name} has schema {schema}, this program reads up to {kind.schema_version}"
            raise UnknownEvent(message)
        fields = json.loads(data)
        for older in range(schema, kind.schema_version):
            fields = kind.upcasts[older](fields)
        return kind.model_validate_json(json.dumps(fields))


def types_in(module: ModuleType) -> list[type[Event]]:
    """Return the event types that a module defines."""
    return [
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Event) and kind.__module__ == module.__name__
    ]


def subject_of(kind: type[Event]) -> str:
    """Return `<owner>.<Type>`, the middle of an event's subject."""
    return f"{owner_of(kind)}.{kind.__name__}"
