"""The file that `export` writes and `import` reads: JSON Lines with a head, an end, and a checksum.

    {"adrelay_events": 1, "exported_at": "…", "services": ["billing", …]}
    {"service": "billing", "id": "…", "type": "OrderPlaced", …, "data": {…}}      in the store's order
    {"service": "billing", "reader": "reactions", "source": "forwarder", "xid": 7, "position": 9}
    {"service": "billing", "reader": "reactions", "source": "forwarder", "parked": {…}, "error": "…"}
    {"service": "billing", "reader": "reactions", "source": "gateway", "xid": 6, "position": 8, "dropped": 1}
    {"end": 1, "events": {"billing": 1}, "sha256": "…"}

The checksum is that of all bytes before the last line, so a file that was cut off or changed is refused.
"""

import hashlib
import json
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, cast

from adrelay.names import SERVICES
from adrelay.terminal.outcome import Unusable
from libs.events.catalogue import published
from libs.eventsourcing.operations import STREAM_NAME, UnknownEvent
from libs.eventsourcing.values import START, Cursor, Envelope

FORMAT = 1
LONGEST_LINE = 4 * 1024 * 1024


class _Wrong(ValueError):
    """A line is malformed; the text says why."""


class Writer:
    """Writes a dump's lines to a file and computes its last line."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._checksum = hashlib.sha256()
        self.events: dict[str, int] = {}

    def begin(self, services: list[str], exported_at: str) -> None:
        """Write the head."""
        self.events = dict.fromkeys(services, 0)
        self._write({"adrelay_events": FORMAT, "exported_at": exported_at, "services": services})

    def event(self, service: str, envelope: Envelope) -> None:
        """Write an event, with its data byte for byte as in the store."""
        self.events[service] += 1
        self._put(f'{{"service":"{service}",'.encode() + envelope.to_json()[1:] + b"\n")

    def checkpoint(self, service: str, reader: str, source: str, cursor: Cursor) -> None:
        """Write a reader's checkpoint in a source."""
        line = {"reader": reader, "source": source, "xid": cursor.xid, "position": cursor.position}
        self._write({"service": service, **line})

    def dead_letter(self, service: str, reader: str, source: str, envelope: Envelope, error: str) -> None:
        """Write a dead letter of a service's reader; in the file it is called `parked`."""
        line = {"reader": reader, "source": source, "parked": json.loads(envelope.to_json()), "error": error}
        self._write({"service": service, **line})

    def dropped(self, service: str, reader: str, source: str, cursor: Cursor) -> None:
        """Write an event that a reader has dropped."""
        line = {"reader": reader, "source": source, "xid": cursor.xid, "position": cursor.position}
        self._write({"service": service, **line, "dropped": 1})

    def end(self) -> None:
        """Write the last line."""
        last = {"end": FORMAT, "events": self.events, "sha256": self._checksum.hexdigest()}
        self._file.write(json.dumps(last).encode() + b"\n")
        self._file.flush()

    def _write(self, line: dict[str, Any]) -> None:
        self._put(json.dumps(line, ensure_ascii=False).encode() + b"\n")

    def _put(self, line: bytes) -> None:
        self._checksum.update(line)
        self._file.write(line)


@dataclass
class _Order:
    """The cursors of a service's events in the exported store."""

    xids: "array[int]" = field(default_factory=lambda: array("Q"))
    positions: "array[int]" = field(default_factory=lambda: array("Q"))

    def __len__(self) -> int:
        return len(self.xids)

    def at(self, number: int) -> Cursor:
        return Cursor(self.xids[number], self.positions[number])

    def add(self, cursor: Cursor) -> None:
        if len(self) and cursor <= self.at(len(self) - 1):
            raise _Wrong("its position in the store is not after that of the event before")
        if cursor <= START:
            raise _Wrong("it has no position in a store")
        self.xids.append(cursor.xid)
        self.positions.append(cursor.position)

    def up_to(self, cursor: Cursor) -> int:
        """Return how many events are at or before a cursor."""
        return bisect_right(range(len(self)), cursor, key=self.at)


@dataclass
class Dump:
    """A file that was read from end to end and is complete."""

    path: Path
    services: list[str]
    orders: dict[str, _Order]

    def count(self, service: str) -> int:
        """Return how many events of a service it contains."""
        return len(self.orders[service])

    def number_of(self, service: str, cursor: Cursor) -> int:
        """Return how many events of a service are at or before a cursor of the exported store."""
        return self.orders[service].up_to(cursor)

    def lines(self) -> Iterator[tuple[str, dict[str, Any] | None, str]]:
        """Return each line's service and text; for other lines than events, the parsed line too."""
        with self.path.open("rb") as file:
            next(file)
            for line in file:
                fields = json.loads(line)
                if "end" not in fields:
                    yield fields["service"], fields if "reader" in fields else None, line.decode()


def read_dump(path: Path) -> Dump:
    """Read and check a whole file; raise `Unusable`, naming the line, if it is malformed."""
    try:
        with path.open("rb") as file:
            return _Check(path).read(file)
    except OSError as error:
        raise Unusable(f"{path} can't be read: {error.strerror}") from error


class _Check:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._versions: dict[tuple[str, str], int] = {}
        self._schemas = {kind.__name__: kind.schema_version for kind in published()}
        self._orders: dict[str, _Order] = {}

    def read(self, file: BinaryIO) -> Dump:
        checksum, end, number = hashlib.sha256(), cast("dict[str, Any] | None", None), 0
        while line := file.readline(LONGEST_LINE):
            number += 1
            try:
                if end is not None:
                    raise _Wrong("something follows the end")  # noqa: TRY301 - all say which line
                if not line.endswith(b"\n"):
                    raise _Wrong("it is cut off")  # noqa: TRY301
                fields = _object(line)
                if number == 1:
                    self._head(fields)
                elif "end" in fields:
                    end = fields
                    continue
                else:
                    self._line(fields)
            except (_Wrong, UnknownEvent) as error:
                raise Unusable(f"{self._path}, line {number}: {error}") from error
            except (ValueError, LookupError, TypeError) as error:
                raise Unusable(f"{self._path}, line {number}: it is no line of an export") from error
            checksum.update(line)
        if end is None:
            raise Unusable(f"{self._path} ends in the middle, after {number} lines: it has no last line")
        counts = {service: len(order) for service, order in self._orders.items()}
        if end.get("events") != counts or end.get("sha256") != checksum.hexdigest():
            raise Unusable(f"{self._path} was changed since it was exported: counts or checksum differ")
        return Dump(self._path, list(self._orders), self._orders)

    def _head(self, fields: dict[str, Any]) -> None:
        if fields.get("adrelay_events") != FORMAT:
            raise _Wrong("it is no export of events that this program can read")
        for service in fields["services"]:
            if service not in SERVICES:
                raise _Wrong(f"no service is called {service!r}")
            self._orders[service] = _Order()

    def _line(self, fields: dict[str, Any]) -> None:
        service = fields["service"]
        if service not in self._orders:
            raise _Wrong(f"the head does not name {service!r}")
        if "reader" in fields:
            _reader(fields)
            return
        envelope = Envelope.from_json(json.dumps(fields))
        if envelope.at.tzinfo is None or not STREAM_NAME.match(envelope.stream):
            raise _Wrong("it is no event: its time or its stream is not valid")
        if envelope.schema > self._schemas.get(envelope.type, 0):
            raise UnknownEvent(f"this program does not know {envelope.type} of schema {envelope.schema}")
        key = (service, envelope.stream)
        if envelope.version != self._versions.get(key, 0) + 1:
            raise _Wrong(f"{envelope.stream} has v{envelope.version} after v{self._versions.get(key, 0)}")
        self._versions[key] = envelope.version
        self._orders[service].add(envelope.cursor)


def _object(line: bytes) -> dict[str, Any]:
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise _Wrong("it is no JSON object")
    return cast("dict[str, Any]", fields)


def _reader(fields: dict[str, Any]) -> None:
    if fields["source"] not in SERVICES or not isinstance(fields["reader"], str):
        raise _Wrong("it names no reader, or no service that it reads")
    if "parked" in fields:
        Envelope.from_json(json.dumps(fields["parked"]))
        if not isinstance(fields["error"], str):
            raise _Wrong("it says no error")
    else:
        Cursor(int(fields["xid"]), int(fields["position"]))
