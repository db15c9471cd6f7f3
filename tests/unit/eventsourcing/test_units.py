"""A reader handles the events of a unit of work together, in whatever batches they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.eventsourcing.loops.backoff import Backoff
from libs.eventsourcing.loops.pace import Pace
from libs.eventsourcing.model.envelope import with_following
from libs.eventsourcing.model.limits import MAX_UNIT_EVENTS
from libs.eventsourcing.readers.read_units import MAX_WAITING, REORDER_SECONDS, Gathering
from libs.eventsourcing.stream.subscription import Arrival
from libs.eventsourcing.values import Cursor, Envelope

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HANDLED = frozenset({"Placed", "Paid"})


def event(kind: str, xid: int, position: int, *, unit: int = 0) -> Envelope:
    """Return an event of the unit of work with this number in its transaction."""
    return Envelope(
        id=uuid4(),
        type=kind,
        schema=1,
        stream="order-1",
        version=position,
        cursor=Cursor(xid, position),
        at=NOON + timedelta(microseconds=unit),
        correlation_id=uuid4(),
        causation_id=uuid4(),
        actor="test",
        data="{}",
    )


def arrivals(events: Sequence[Envelope], source: str = "billing", first: int = 1) -> list[Arrival]:
    return [Arrival(source, sequence, one, one.follows) for sequence, one in enumerate(events, first)]


def positions(gathering: Gathering, now: float = 0.0) -> list[list[int]]:
    """Return the positions of the events of each unit of work that may be handled now."""
    return [[one.envelope.cursor.position for one in unit.arrivals] for unit in gathering.take(now)]


def test_each_event_names_the_types_after_it_in_its_unit_of_work() -> None:
    events = [
        event("A", 5, 1),
        event("B", 5, 2),
        event("B", 5, 3),
        event("A", 5, 4, unit=1),
        event("C", 6, 5),
    ]
    assert [one.follows for one in with_following(events)] == [{"B"}, {"B"}, set(), set(), set()]
    beyond = with_following(events, frozenset({"D"}))
    assert [one.follows for one in beyond] == [{"B"}, {"B"}, set(), set(), {"D"}]


def test_a_unit_of_work_waits_only_for_later_events_that_are_handled() -> None:
    events = with_following([event("Placed", 5, 1), event("Paid", 5, 2), event("Noted", 5, 3)])
    gathering = Gathering(HANDLED, {})
    gathering.add(arrivals(events)[:1], 0.0)
    assert positions(gathering) == []
    assert gathering.sequence_before() == 0
    gathering.add(arrivals(events)[1:2], 0.0)
    assert positions(gathering) == [[1, 2]]
    assert gathering.sequence_before() == 2


def test_an_event_of_an_older_program_is_a_complete_unit_of_work() -> None:
    gathering = Gathering(HANDLED, {})
    gathering.add(arrivals([event("Placed", 5, 1), event("Paid", 5, 2)])[:1], 0.0)
    assert positions(gathering) == [[1]]


def test_an_incomplete_unit_of_work_ends_at_its_sources_next_one() -> None:
    events = with_following([event("Placed", 5, 1), event("Paid", 5, 2)])
    gathering = Gathering(HANDLED, {})
    gathering.add(arrivals([events[0], event("Placed", 6, 3)]), 0.0)
    assert positions(gathering) == [[1], [3]]


def test_other_sources_wait_briefly_for_an_incomplete_unit_of_work_and_then_overtake_it() -> None:
    begun = arrivals(with_following([event("Placed", 5, 1), event("Paid", 5, 2)])[:1])
    other = arrivals([event("Placed", 9, 7)], "scheduler", first=2)
    gathering = Gathering(HANDLED, {})
    gathering.add([*begun, *other], 0.0)
    assert positions(gathering, REORDER_SECONDS / 2) == []
    assert not gathering.settled
    assert positions(gathering, REORDER_SECONDS) == [[7]]
    assert gathering.settled
    assert gathering.sequence_before() == 0, "the unfinished unit is read again after a restart"


def test_many_buffered_events_of_other_sources_do_not_wait() -> None:
    begun = arrivals(with_following([event("Placed", 5, 1), event("Paid", 5, 2)])[:1])
    others = [event("Placed", number, number) for number in range(10, 11 + MAX_WAITING)]
    gathering = Gathering(HANDLED, {})
    gathering.add([*begun, *arrivals(others, "scheduler", first=2)], 0.0)
    assert len(positions(gathering)) == len(others)


def test_a_unit_of_work_is_limited_in_size() -> None:
    endless = [
        replace(event("Placed", 5, number), follows=HANDLED) for number in range(1, MAX_UNIT_EVENTS + 2)
    ]
    gathering = Gathering(HANDLED, {})
    gathering.add(arrivals(endless), 0.0)
    assert [len(unit) for unit in positions(gathering)] == [MAX_UNIT_EVENTS]


def test_handled_events_and_blocked_streams_are_left_out() -> None:
    gathering = Gathering(HANDLED, {"billing": Cursor(5, 2)})
    gathering.add(arrivals([event("Placed", 5, 1), event("Paid", 5, 2), event("Paid", 7, 3)]), 0.0)
    gathering.add(arrivals([event("Paid", 6, 9), event("Paid", 7, 3)], first=4), 0.0)
    assert positions(gathering) == [[3]]
    assert gathering.sequence_before() == 5


@st.composite
def stores(draw: st.DrawFn) -> list[list[Envelope]]:
    """Draw the units of work of a store, several of them in some transactions."""
    units: list[list[Envelope]] = []
    position = 0
    for xid in range(1, draw(st.integers(1, 5)) + 1):
        for unit in range(draw(st.integers(1, 3))):
            kinds = draw(st.lists(st.sampled_from(["Placed", "Paid", "Noted"]), min_size=1, max_size=5))
            units.append([event(kind, xid, position + n, unit=unit) for n, kind in enumerate(kinds, 1)])
            position += len(kinds)
    return units


@settings(max_examples=50)
@given(st.data())
def test_units_of_work_are_returned_whole_and_no_event_is_lost(data: st.DataObject) -> None:
    sources = {source: data.draw(stores()) for source in ("billing", "provisioning")}
    queues = {
        source: with_following([event for unit in units for event in unit])
        for source, units in sources.items()
    }
    mixed: list[Arrival] = []
    while any(queues.values()):
        source = data.draw(st.sampled_from([source for source, queue in queues.items() if queue]))
        mixed += arrivals([queues[source].pop(0)], source, first=len(mixed) + 1)
    filtered = [one for one in mixed if one.envelope.type in HANDLED]
    gathering, handled = Gathering(HANDLED, {}), dict[str, list[int]]()
    checkpoints: dict[str, Cursor] = {}
    now = 0.0
    while filtered:
        cut = data.draw(st.integers(1, 4))
        gathering.add(filtered[:cut], now)
        filtered = filtered[cut:]
        for unit in gathering.take(now):
            source = unit.arrivals[0].source
            handled.setdefault(source, []).extend(one.envelope.cursor.position for one in unit.arrivals)
            checkpoints[source] = unit.arrivals[-1].envelope.cursor
            borders = {
                sum(one.type in HANDLED for unit in sources[source][:count] for one in unit)
                for count in range(len(sources[source]) + 1)
            }
            assert len(handled[source]) in borders
        now += data.draw(st.sampled_from([0.0, REORDER_SECONDS]))
        if filtered and data.draw(st.integers(0, 3)) == 0:  # the reader restarts at its resume offset
            offset = gathering.sequence_before()
            gathering = Gathering(HANDLED, dict(checkpoints))
            filtered = [one for one in mixed if one.sequence > offset and one.envelope.type in HANDLED]
    for source, units in sources.items():
        wanted = [one.cursor.position for unit in units for one in unit if one.type in HANDLED]
        assert handled.get(source, []) == wanted


def test_backoff_doubles_and_is_reset_by_a_success() -> None:
    backoff = Backoff(0.5, 2.0)
    assert [backoff.failed() for _ in range(4)] == [0.5, 1.0, 2.0, 2.0]
    backoff.succeeded()
    assert backoff.failed() == 0.5


def test_a_pace_lets_a_burst_pass_and_then_keeps_its_average() -> None:
    pace = Pace(1.0, burst=3)
    waits, now = list[float](), 100.0
    for _ in range(6):
        waits.append(pace.after(now, now))
        now += waits[-1]
    assert waits == [0, 0, 1, 1, 1, 1]


def test_a_pace_counts_the_time_that_a_repetition_takes() -> None:
    pace = Pace(1.0, burst=1)
    assert pace.after(100.0, 100.25) == 0.75
    assert pace.after(101.0, 101.5) == 0.5
    assert pace.after(102.0, 105.0) == 0.0


def test_a_pause_earns_no_more_than_one_burst() -> None:
    pace = Pace(1.0, burst=2)
    waits = [pace.after(500.0, 500.0) for _ in range(4)]
    assert waits == [0, 1, 2, 3]
