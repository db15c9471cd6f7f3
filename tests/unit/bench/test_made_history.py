from collections import defaultdict
from datetime import UTC, datetime

import pytest

from adrelay.registries import decider_of
from adrelay.system import SERVICES
from bench.growth.deliveries import table
from bench.growth.filling import Made, Maker
from bench.growth.history import PAUSE, LongHistory
from bench.growth.real_cycles import GROUPS, Adbot
from bench.history import plan_of
from bench.orders import DAY, Order
from libs.events.catalogue import published
from libs.events.forwarder import DeliveriesRecorded
from libs.events.scheduler import CycleDue
from libs.eventsourcing import Event
from libs.eventsourcing.model.envelope import Envelope

NOW = datetime(2026, 3, 1, tzinfo=UTC)
EVENTS = 15_000


@pytest.fixture(scope="module")
def history() -> LongHistory:
    """A history of some days, and an adbot that ended before."""
    latest = LongHistory.of(EVENTS, now=NOW)
    ended = Order(len(latest.orders) + 1, latest.end - 45 * DAY, plan_of("silver", 2, 1800, 55), cycles=5)
    return LongHistory((*latest.orders, ended), latest.end)


@pytest.fixture(scope="module")
def maker(history: LongHistory) -> Maker:
    return Maker(history)


@pytest.fixture(scope="module")
def made(history: LongHistory, maker: Maker) -> list[tuple[Made, Envelope]]:
    rows = (maker.take(line) for lines in history.lines() for line in lines)
    return [(row, Envelope.from_json(row.body)) for row in rows]


def test_a_history_has_the_events_asked_for_and_all_are_older_than_the_pause(
    made: list[tuple[Made, Envelope]],
) -> None:
    assert abs(len(made) - EVENTS) < 200
    assert max(event.at for _, event in made).timestamp() <= NOW.timestamp() - PAUSE / 1000
    assert {row.service for row, _ in made} == set(SERVICES)


def test_each_stream_is_one_that_its_aggregate_could_have_decided(
    made: list[tuple[Made, Envelope]],
) -> None:
    streams: dict[str, list[Envelope]] = defaultdict(list)
    for _, envelope in made:
        streams[envelope.stream].append(envelope)
    catalogue = published()
    for name, envelopes in streams.items():
        assert [one.version for one in envelopes] == list(range(1, len(envelopes) + 1)), name
        events = [catalogue.decode(one.type, one.schema, one.data) for one in envelopes]
        decider = decider_of(name.partition("-")[0])
        assert decider is not None, name
        assert decider.fold(events) is not None


def test_ids_are_unique_and_cursors_grow(made: list[tuple[Made, Envelope]]) -> None:
    assert len({event.id for _, event in made}) == len(made)
    for service in SERVICES:
        cursors = [event.cursor for row, event in made if row.service == service]
        assert cursors == sorted(cursors)
        assert [cursor.position for cursor in cursors] == list(range(1, len(cursors) + 1))
        assert len({cursor.xid for cursor in cursors}) == len(cursors)  # each a unit of its own


def test_what_is_copied_is_what_is_published(made: list[tuple[Made, Envelope]]) -> None:
    for row, event in made:
        xid, position, id_, stream, version, kind, *_, data = row.copied[:-1].split("\t")
        assert (int(xid), int(position)) == event.cursor
        assert row.cursor == str(event.cursor)
        assert (id_, stream, int(version), kind, data) == (
            str(event.id), event.stream, event.version, event.type, event.data,
        )  # fmt: skip


def test_everything_is_folded_but_earlier_cycles(
    history: LongHistory, maker: Maker, made: list[tuple[Made, Envelope]]
) -> None:
    folded = {envelope.id for _, envelope in maker.to_fold}
    left_out = [event for _, event in made if event.id not in folded]
    assert {event.type for event in left_out} <= {
        "CycleDue", "CycleStarted", "DeliveriesRecorded", "CycleFinished",
    }  # fmt: skip
    last = {f"schedule-{order.adbot}": (order.cycles or 0) + 2 for order in history.paid if order.cycles}
    due = {
        event.stream: event.version
        for _, event in made
        if event.type == CycleDue.__name__ and event.id in folded
    }
    assert due == last


def test_a_longer_history_has_the_same_latest_orders() -> None:
    short, longer = (LongHistory.of(events, now=NOW) for events in (EVENTS, 3 * EVENTS))
    same = len(short.orders) - 11  # the earliest adbot ends where the events are used up
    assert longer.orders[:same] == short.orders[:same]
    assert len(longer.orders) > len(short.orders)


def test_as_many_adbots_run_however_long_the_history_is() -> None:
    history = LongHistory.of(1_500_000, now=NOW)
    assert len(history.running) == 133
    ended = [order for order in history.paid if history.expired(order)]
    assert ended
    assert any(history.released(order) for order in ended)


def test_a_cycle_of_a_hundred_groups_has_nine_events_with_twelve_deliveries() -> None:
    rows = list(Adbot(1).cycles(NOW, 1))
    catalogue = published()
    events: list[Event] = []
    for _, (_, line) in rows:
        _, _, _, kind, schema, *_, data = line[:-1].split("\t")
        events.append(catalogue.decode(kind, int(schema), data))
    recorded = [event for event in events if isinstance(event, DeliveriesRecorded)]
    assert [len(event.deliveries) for event in recorded] == [12] * 8 + [4]
    assert len({one.group for event in recorded for one in event.deliveries}) == GROUPS
    assert len(events) == 12
    assert len({line.split("\t")[0] for _, (_, line) in rows}) == len(rows)


def test_a_thousand_adbots_store_fourteen_million_deliveries_a_day() -> None:
    _, line, total = table({"somewhere": 100.0})  # a byte a delivery
    assert line == ["somewhere", "100", "1", "0.0", "0.0"]
    _, line, total = table({"somewhere": 100_000.0})
    assert line == ["somewhere", "100,000", "1,000", "14.4", "26.3"]
    assert total[1:] == line[1:]
