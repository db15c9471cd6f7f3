"""How many sends a session makes in a day, by its age in stock."""

from dataclasses import dataclass

from libs.events.values import ErrorName
from libs.eventsourcing import Sql
from services.forwarder.settings import ForwarderSettings, steps_of

SCHEMA = """
-- how many sends each session has begun on a day in UTC; a row ends two days later
create table if not exists pool.days (
    session uuid not null,
    day     date not null,
    sends   integer not null,
    primary key (session, day)
);
"""
DAILY_BUDGET: ErrorName = "DAILY_BUDGET"
"""The error of groups that do not fit into a session's budget of the day."""
TODAY = "(clock_timestamp() at time zone 'UTC')::date"


@dataclass(frozen=True)
class DailyBudget:
    """The most sends of a session and day; fewer by steps of age in days, in ascending order."""

    most: int = 1_000_000
    ages: tuple[int, ...] = ()
    sends: tuple[int, ...] = ()

    @classmethod
    def of(cls, settings: ForwarderSettings) -> "DailyBudget":
        """Return the budget of the settings."""
        steps = steps_of(settings.daily_sends_by_age)
        return cls(settings.daily_sends, tuple(age for age, _ in steps), tuple(most for _, most in steps))


async def forget_days(sql: Sql) -> None:
    """Delete the counts of days that are over."""
    await sql.execute(f"delete from pool.days where day < {TODAY} - 1")  # noqa: S608 - a constant
