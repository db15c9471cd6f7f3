"""When an adbot's cycles are due, as its client sets it: values that events and commands share."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from libs.eventsourcing.model.event import Contract

TimeZone = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,2}$")
]
"""A name of the IANA database, such as `Europe/Berlin`."""
LocalTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
"""A time of day as a clock on the wall shows it: `09:30`."""


def _in_utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC)),
    AfterValidator(_in_utc),
]
"""An instant, in UTC whatever its offset was."""


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class QuietHours(Contract):
    """The part of each day in which no cycle begins; it spans midnight if `end` is before `begin`."""

    begin: LocalTime
    end: LocalTime


class TimetableEntry(Contract):
    """Times at which a cycle is due on some days of each week."""

    days: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    times: Annotated[tuple[LocalTime, ...], Field(min_length=1, max_length=48)]


class Cadence(Contract):
    """When an adbot's cycles are due: at its interval, or at the times of a weekly timetable.

    Times of day are those of `time_zone`. One that does not exist on a day, as a clock was set forward, is
    the next that does; one that comes twice is the first of both.
    """

    time_zone: Annotated[
        TimeZone,
        Field(description="The zone of all times of day, by its name such as `Europe/Berlin`."),
    ] = "UTC"
    quiet_hours: Annotated[
        QuietHours | None,
        Field(description="No cycle begins within them: one that would is due at their end."),
    ] = None
    timetable: Annotated[
        tuple[TimetableEntry, ...],
        Field(
            max_length=50,
            description="When cycles are due, at least the plan's interval apart. Empty: at that interval.",
        ),
    ] = ()
    starts_at: Annotated[Instant | None, Field(description="No cycle is due before.")] = None
    ends_at: Annotated[
        Instant | None, Field(description="The adbot stops then, with the reason `ended`.")
    ] = None
