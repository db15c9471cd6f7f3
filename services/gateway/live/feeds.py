"""The feeds of this process."""

from libs.eventsourcing import Engine
from services.gateway.live.changes import Changes
from services.gateway.live.feed import Feed, ReadModels
from services.gateway.live.log_lines import LogLines


class Feeds:
    """The log of deliveries, and changes of what accounts own."""

    def __init__(self, engine: Engine, reader: ReadModels, *, most: int, most_per_account: int) -> None:
        self.log = Feed(engine, reader, LogLines(), most=most, most_per_account=most_per_account)
        self.changes = Feed(engine, reader, Changes(), most=most, most_per_account=most_per_account)

    @property
    def all(self) -> tuple[Feed, ...]:
        """Every feed, each with a task of its own."""
        return self.log, self.changes

    def stop(self) -> None:
        """End all listening, since the process stops."""
        for feed in self.all:
            feed.stop()
