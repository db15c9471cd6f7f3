"""Events that are about to be stored, and how they look once they are."""

from datetime import UTC, datetime

from libs.eventsourcing import Causes, Event
from libs.eventsourcing.store.addition import Addition
from libs.eventsourcing.values import Cursor, new_id

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)


class LampLit(Event):
    """A lamp was lit."""

    lamp: str


def test_stored_events_have_the_versions_that_follow_the_expected_one() -> None:
    events = [LampLit(lamp=lamp) for lamp in ("hall", "attic", "cellar")]
    addition = Addition.of("lamp-1", 4, events, Causes.first("test"), NOON)
    stored = [addition.recorded(offset, new_id(), Cursor(7, offset)) for offset in range(3)]
    assert [one.envelope.version for one in stored] == [5, 6, 7]
    assert [one.event for one in stored] == events
