"""Messages to listeners, and marks: up to where messages were given."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property

from services.gateway.live.wire import rendered

Position = tuple[int, ...]
Mark = Mapping[str, Position]
"""By source, the position of the last message that was given or need not be; a missing source is at 0."""
BEGINNING: Position = (0,)


@dataclass(frozen=True)
class Message:
    """A message to those who listen to its topic."""

    topic: Hashable
    kind: str
    data: str
    """JSON."""
    key: str
    """What a listener sends to resume after it."""
    source: str
    position: Position

    def within(self, mark: Mark) -> bool:
        """Return whether a mark includes it."""
        return self.position <= mark.get(self.source, BEGINNING)

    @cached_property
    def event(self) -> bytes:
        """The message as a server-sent event, rendered once for all listeners."""
        return rendered(self.data, event=self.kind, key=self.key)

    @cached_property
    def frame(self) -> str:
        """The message as the text of a socket's frame, likewise."""
        return f'{{"type":"{self.kind}","id":"{self.key}","data":{self.data}}}'
