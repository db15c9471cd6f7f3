"""The feeds of this process."""

from libs.eventsourcing import Engine, EventStream
from services.gateway.live.changes import Changes
from services.gateway.live.event_tail import EventTail
from services.gateway.live.feed import Feed, ReadModels
from services.gateway.live.log_lines import LogLines


class Feeds:
    """The log of deliveries, changes of what accounts own, and all events for operators."""

    def __init__(
        self, engine: Engine, reader: ReadModels, stream: EventStream, *, most: int, most_per_account: int
    ) -> None:
        self.log = Feed(engine, reader, LogLines(), most=most, most_per_account=most_per_account)
        self.changes = Feed(engine, reader, Changes(), most=most, most_per_account=most_per_account)

        self.events = EventTail(stream)

    @property
    def all(self) -> tuple[Feed | EventTail, ...]:
        """Every feed, each with a task of its own."""
        return self.log, self.changes, self.events

    def stop(self) -> None:
        """End all listening, since the process stops."""
        for feed in self.all:
            feed.stop()
