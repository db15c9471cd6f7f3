"""A trace hangs every event under what caused it."""

from datetime import timedelta
from uuid import UUID, uuid4

from adrelay.trace import Node, linked
from libs.eventsourcing.record import Cursor, Envelope, utc_now

NOW = utc_now()
STORY = uuid4()


def _node(service: str, cause: UUID, seconds: int) -> Node:
    return Node(
        service,
        Envelope(
            id=uuid4(),
            type="Happened",
            schema=1,
            stream="thing-1",
            version=1,
            cursor=Cursor(1, seconds + 1),
            at=NOW + timedelta(seconds=seconds),
            correlation_id=STORY,
            causation_id=cause,
            actor="service:test",
            data="{}",
        ),
    )


def test_events_hang_under_their_causes_across_services() -> None:
    first = _node("billing", uuid4(), 0)
    second = _node("provisioning", first.event.id, 1)
    third = _node("billing", second.event.id, 2)
    roots = linked([third, second, first])
    assert roots == [first]
    assert first.led_to == [second]
    assert second.led_to == [third]
    assert len(first) == 3


def test_an_event_whose_cause_is_a_request_is_a_root() -> None:
    early, late = _node("gateway", uuid4(), 0), _node("gateway", uuid4(), 5)
    assert linked([late, early]) == [early, late]
