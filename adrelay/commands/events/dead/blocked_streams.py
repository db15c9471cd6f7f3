"""Streams that are blocked for a reader by a dead letter."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import groupby

from adrelay.terminal.outcome import NotFound
from libs.chassis.plain_values import Json, contents
from libs.eventsourcing.operations import Connection, DeadLetter, SourceStream, list_dead_letters


@dataclass(frozen=True)
class BlockedStream:
    """The dead letters of one reader in one stream, in order."""

    service: str
    reader: str
    source_stream: SourceStream
    letters: tuple[DeadLetter, ...]

    @property
    def first(self) -> DeadLetter:
        """The event that failed; the others are blocked behind it."""
        return self.letters[0]

    @property
    def name(self) -> str:
        """The stream's name for people."""
        return " ".join(self.words)

    @property
    def words(self) -> tuple[str, ...]:
        """The name in parts between which a line may be broken."""
        return (
            self.source_stream.stream,
            f"of {self.source_stream.source},",
            f"blocked for {self.service}'s reader {self.reader}",
        )

    @property
    def key(self) -> tuple[str, str, SourceStream]:
        """The key of service, reader and stream."""
        return self.service, self.reader, self.source_stream


async def blocked_streams_of(
    connections: Mapping[str, Connection], reader: str | None = None
) -> list[BlockedStream]:
    """Return the blocked streams of these services' readers, or of the readers of one name."""
    found: list[BlockedStream] = []
    for service, connection in connections.items():
        letters = [one for one in await list_dead_letters(connection) if reader in {None, one.reader}]
        for (name, source_stream), group in groupby(letters, key=lambda one: (one.reader, one.source_stream)):
            found.append(BlockedStream(service, name, source_stream, tuple(group)))
    return found


def chosen(streams: list[BlockedStream], key: str) -> list[BlockedStream]:
    """Return the blocked streams of this name or with this event; raise `NotFound` if there are none."""
    found = [stream for stream in streams if any(is_called(letter, key) for letter in stream.letters)]
    if not found:
        raise NotFound(f"no dead letter or stream goes by the name {key!r}")
    return found


def is_called(letter: DeadLetter, key: str) -> bool:
    """Return whether a dead letter has this event id, or is in the stream of this name."""
    return key in {str(letter.envelope.id), letter.envelope.stream}


def to_drop(stream: BlockedStream, key: str, *, rest: bool) -> list[DeadLetter]:
    """Return the dead letter of this event id, or the stream's first; with `rest`, all behind it too."""
    positions = [number for number, letter in enumerate(stream.letters) if str(letter.envelope.id) == key]
    begin = positions[0] if positions else 0
    return list(stream.letters[begin:] if rest else stream.letters[begin : begin + 1])


def document(service: str, letter: DeadLetter) -> dict[str, Json]:
    """Return a dead letter as JSON. `parked_at` is an older name, kept for scripts."""
    envelope = letter.envelope
    return {
        "service": service,
        "reader": letter.reader,
        "source": letter.source_stream.source,
        "stream": letter.source_stream.stream,
        "version": envelope.version,
        "id": str(envelope.id),
        "type": envelope.type,
        "at": envelope.at.isoformat(),
        "parked_at": letter.at.isoformat(),
        "error": letter.error,
        "asked": letter.asked,
        "data": contents(envelope.data),
    }
