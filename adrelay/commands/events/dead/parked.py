"""What readers have parked, stream by stream."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from adrelay.terminal.outcome import NotFound
from adrelay.terminal.plain import Json, contents
from libs.eventsourcing.operations import Connection, Parked, Place, list_parked


@dataclass(frozen=True)
class Queue:
    """What one reader has parked of one stream, in order."""

    service: str
    reader: str
    place: Place
    parked: tuple[Parked, ...]

    @property
    def first(self) -> Parked:
        """The event that failed; the others only follow it."""
        return self.parked[0]

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.place.stream} of {self.place.source}, parked by {self.service}'s reader {self.reader}"

    @property
    def words(self) -> tuple[str, ...]:
        """The name, in parts between which a line may be broken."""
        return (
            self.place.stream,
            f"of {self.place.source},",
            f"parked by {self.service}'s reader {self.reader}",
        )

    @property
    def key(self) -> tuple[str, str, Place]:
        """What tells it from all others."""
        return self.service, self.reader, self.place


async def queues_of(connections: Mapping[str, Connection], reader: str | None = None) -> list[Queue]:
    """Return what the readers of these services have parked, or only those of a name."""
    found: list[Queue] = []
    for service, connection in connections.items():
        parked = [one for one in await list_parked(connection) if reader in {None, one.reader}]
        for (name, place), group in groupby(parked, key=lambda one: (one.reader, one.place)):
            found.append(Queue(service, name, place, tuple(group)))
    return found


def chosen(queues: list[Queue], key: str) -> list[Queue]:
    """Return those that hold an event of this id, or are of this stream; raise `NotFound` if none is."""
    found = [queue for queue in queues if any(is_called(parked, key) for parked in queue.parked)]
    if not found:
        raise NotFound(f"nothing is parked by the name {key!r}")
    return found


def is_called(parked: Parked, key: str) -> bool:
    """Say whether a parked event has this id, or is in the stream of this name."""
    return key in {str(parked.envelope.id), parked.envelope.stream}


def doomed(queue: Queue, key: str, *, rest: bool) -> list[Parked]:
    """Return the event of this id, or the first of the stream; with `rest`, all behind it too."""
    places = [number for number, parked in enumerate(queue.parked) if str(parked.envelope.id) == key]
    begin = places[0] if places else 0
    return list(queue.parked[begin:] if rest else queue.parked[begin : begin + 1])


def document(service: str, parked: Parked) -> dict[str, Json]:
    """Return a parked event as JSON."""
    envelope = parked.envelope
    return {
        "service": service,
        "reader": parked.reader,
        "source": parked.place.source,
        "stream": parked.place.stream,
        "version": envelope.version,
        "id": str(envelope.id),
        "type": envelope.type,
        "at": envelope.at.isoformat(),
        "parked_at": parked.at.isoformat(),
        "error": parked.error,
        "asked": parked.asked,
        "data": contents(envelope.data),
    }
