"""Made-up orders: their ids, and rows of their events."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from libs.events.values import AccountId, AdbotId, ApplicationId, Plan, Seat, SessionId
from libs.eventsourcing import Event

COLUMNS = (
    "id", "stream", "version", "type", "schema", "at", "correlation_id", "causation_id", "actor", "data",
)  # fmt: skip
SECOND, DAY = 1000, 86_400_000
"""Times, in milliseconds since the epoch."""
STARTED_AFTER = 1_500_000
"""The time from the order to the start of its adbot."""
GROUPS = 12
RECORDS = 4
"""How many events contain a cycle's deliveries."""
EVENTS_UNPAID, EVENTS_PAID, EVENTS_CYCLE = 4, 11, 3 + RECORDS

Row = tuple[int, str]
"""An event's time, and its line for `COPY`."""


def new_id(at: int, kind: int, owner: int, number: int = 0) -> str:
    """Return a unique UUIDv7."""
    time = f"{at:012x}"
    return f"{time[:8]}-{time[8:]}-7{kind:03x}-8000-{owner:05x}{number:07x}"


def moment(at: int) -> str:
    """Return an instant in the format of event data."""
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")


def row(
    at: int,
    event_id: str,
    stream: str,
    version: int,
    kind: type[Event],
    correlation_id: str,
    cause: str,
    data: str,
) -> Row:
    """Return an event's row; its data contains nothing that `COPY` would interpret."""
    what = (event_id, stream, str(version), kind.__name__, str(kind.schema_version), moment(at))
    return at, "\t".join((*what, correlation_id, cause, "service:bench", data)) + "\n"


@dataclass(frozen=True)
class Order:
    """An order, placed at `begin`, and its adbot's cycles; one that was never paid has no plan to run."""

    number: int
    begin: int
    plan: Plan
    cycles: int | None

    @property
    def order(self) -> str:
        """Its number."""
        return f"HQADZ-{self.number:08d}-BENCH"

    @cached_property
    def correlation_id(self) -> str:
        """The correlation id of its events."""
        return new_id(self.begin, 0xFFF, self.number)

    @cached_property
    def account(self) -> AccountId:
        """The account that ordered."""
        return AccountId(UUID(new_id(self.begin, 0xA00, self.number)))

    @cached_property
    def adbot(self) -> AdbotId:
        """The ordered plan."""
        return AdbotId(UUID(new_id(self.begin, 0xA01, self.number)))

    @cached_property
    def seats(self) -> tuple[Seat, ...]:
        """The adbot's sessions."""
        return tuple(
            Seat(
                session=SessionId(UUID(new_id(self.begin, 0xA02, self.number, seat))),
                pair=ApplicationId(UUID(new_id(0, 0xA03, seat))),
            )
            for seat in range(self.plan.sessions)
        )

    @property
    def groups(self) -> tuple[str, ...]:
        """The adbot's groups."""
        return tuple(f"@group_{(self.number * 7 + place) % 5000}" for place in range(GROUPS))

    @property
    def events(self) -> int:
        """The number of its events."""
        return EVENTS_UNPAID if self.cycles is None else EVENTS_PAID + self.cycles * EVENTS_CYCLE

    def cycle(self, number: int) -> tuple[int, str]:
        """Return the due time of a cycle, and its id."""
        due = self.begin + STARTED_AFTER + (number - 1) * self.plan.interval_seconds * SECOND
        return due, new_id(due, 0xC00, self.number, number)

    def row_of(self, version: int, event: Event, after: int, stream: str, cause: str | None = None) -> Row:
        """Return the row of one of the first events, this many milliseconds after the order."""
        at, kind = self.begin + after, type(event)
        return row(
            at, self.id_of(kind.__name__, after), stream, version, kind,
            self.correlation_id, cause or self.correlation_id,
            event.model_dump_json(),
        )  # fmt: skip

    def id_of(self, kind: str, after: int) -> str:
        """Return the id of one of the first events."""
        return new_id(self.begin + after, sum(kind.encode()) % 0x900, self.number)
