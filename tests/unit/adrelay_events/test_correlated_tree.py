"""Correlated trees: every event is a child of its cause."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from adrelay.commands.events.reading.correlated_tree import render
from adrelay.commands.events.reading.shortening import LeftOut, shortened
from libs.eventsourcing.operations import EventSummary, Node, Visit, depth_first, linked
from libs.eventsourcing.values import utc_now

NOW = utc_now()
CORRELATION_ID = uuid4()


def _node(service: str, cause: UUID, seconds: int) -> Node:
    return Node(
        service,
        EventSummary(
            id=uuid4(),
            type="Happened",
            stream="thing-1",
            version=1,
            position=seconds + 1,
            at=NOW + timedelta(seconds=seconds),
            correlation_id=CORRELATION_ID,
            causation_id=cause,
            actor="service:test",
        ),
    )


def test_events_are_children_of_their_causes_across_services() -> None:
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


def _chain(length: int) -> list[Node]:
    nodes = [_node("billing", uuid4(), 0)]
    for seconds in range(1, length):
        nodes.append(_node("billing", nodes[-1].event.id, seconds))
    return nodes


def test_of_many_siblings_only_first_last_and_selected_ones_are_shown() -> None:
    root = _node("scheduler", uuid4(), 0)
    due = [_node("scheduler", root.event.id, seconds) for seconds in range(1, 101)]
    started = [_node("forwarder", node.event.id, 200 + index) for index, node in enumerate(due)]
    roots = linked([root, *due, *started])
    lines = list(shortened(roots, shown=2, focus=lambda node: node is due[49]))
    shown = [line.node for line in lines if isinstance(line, Visit) and line.depth == 1]
    assert shown == [due[0], due[1], due[49], due[98], due[99]]
    assert [line.events for line in lines if isinstance(line, LeftOut)] == [94, 96]


@pytest.mark.parametrize("shown", [0, 50])
def test_a_tree_that_is_not_too_long_is_shown_depth_first(shown: int) -> None:
    root = _node("scheduler", uuid4(), 0)
    due = [_node("scheduler", root.event.id, seconds) for seconds in range(1, 101)]
    started = [_node("forwarder", node.event.id, 200 + index) for index, node in enumerate(due)]
    roots = linked([root, *due, *started])
    visits = list(depth_first(roots))
    assert [visit.node for visit in visits[:5]] == [root, due[0], started[0], due[1], started[1]]
    assert [(visit.depth, visit.cause) for visit in visits[:3]] == [(0, None), (1, root), (2, due[0])]
    lines = shortened(roots, shown=shown, focus=lambda _: False)
    assert [line.node if isinstance(line, Visit) else line for line in lines] == [
        visit.node for visit in visits
    ]


def test_a_causal_chain_may_be_longer_than_the_recursion_limit() -> None:
    roots = linked(_chain(5_000))
    assert len(roots) == 1
    assert len(roots[0]) == 5_000
    assert render("a long chain", roots) is not None
