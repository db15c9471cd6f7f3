"""What a service answers the event explorer: states before a page, streams that can't be folded, bounds."""

from dataclasses import dataclass
from uuid import uuid4

import pytest

from libs.chassis.operations import explorer
from libs.chassis.operations.explorer import Explorer
from libs.events.billing import OrderReviewed
from libs.events.operations.explorer import ReadStream, ReadTree, SearchStore
from libs.eventsourcing import Causes, Decider, Engine, ImpossibleEvent, Refused, Registry, Snapshots
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.gateway.fake_services import append

ORDER = "HQADZ-MWPM0SFH-9J8ZHS6IAHLL"
STREAM = f"review-{ORDER}"


@dataclass(frozen=True)
class Reviews:
    """How often an order was reviewed."""

    count: int
    note: str


def evolve(state: Reviews | None, event: OrderReviewed) -> Reviews:
    if event.note == "impossible":
        raise ImpossibleEvent(event.note)
    return Reviews(1 if state is None else state.count + 1, event.note)


def decide(command: None, state: Reviews | None) -> list[OrderReviewed]:
    del command, state
    return []


REVIEWS = Decider("review", decide, evolve, snapshots=Snapshots(Reviews, version=1))
REGISTRY = Registry[None](service="shop", aggregates=(REVIEWS,))


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer, "FOLD_SECONDS", DEADLINE_SECONDS)


async def reviewed(engine: Engine, *notes: str) -> Explorer:
    """Append a review for each note, and return what answers."""
    events = [OrderReviewed(order=ORDER, note=note) for note in notes]
    await engine.run(lambda unit: append(unit, STREAM, *events), Causes.first("test"))
    return Explorer(engine, REGISTRY)


async def test_a_page_begins_with_the_state_that_its_stream_had_then(engine: Engine) -> None:
    asked = await reviewed(engine, *(str(number) for number in range(1, 451)))

    page = await asked.stream(ReadStream(stream=STREAM, until=449, limit=2))

    assert [step.state for step in page.steps] == [
        {"count": 448, "note": "448"},
        {"count": 449, "note": "449"},
    ]
    assert {step.state_type for step in page.steps} == {"Reviews"}
    assert page.versions == 450


async def test_a_page_behind_a_snapshot_is_folded_from_there(engine: Engine) -> None:
    asked = await reviewed(engine, "1", "2", "3", "4")
    insert = "insert into engine.snapshots (stream, version, at_version, state) values ($1, 1, 2, $2)"
    async with engine.connection() as connection:
        await connection.execute(insert, STREAM, '{"count": 70, "note": "stored"}')

    after = await asked.stream(ReadStream(stream=STREAM, limit=1))
    before = await asked.stream(ReadStream(stream=STREAM, until=2, limit=1))

    assert [step.state for step in after.steps] == [{"count": 72, "note": "4"}]
    assert [step.state for step in before.steps] == [{"count": 2, "note": "2"}], "it is behind this page"


async def test_an_event_that_can_not_be_folded_is_shown_with_the_reason(engine: Engine) -> None:
    asked = await reviewed(engine, "fine", "impossible", "later")

    first, broken, later = (await asked.stream(ReadStream(stream=STREAM))).steps

    assert first.problem is None
    assert broken.problem == "v2 is impossible here: impossible"
    assert (later.problem, later.state, later.state_type) == (broken.problem, None, None)
    assert later.data["note"] == "later"


async def test_a_stream_that_takes_too_long_is_shown_without_states(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await reviewed(engine, "1", "2", "3")
    monkeypatch.setattr(explorer, "FOLD_SECONDS", 0.0)

    (last,) = (await asked.stream(ReadStream(stream=STREAM, limit=1))).steps

    assert last.problem is not None
    assert "too long" in last.problem
    assert last.data["note"] == "3"


async def test_of_large_states_the_last_ones_that_fit_are_returned(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await reviewed(engine, "1", "2", "3")
    monkeypatch.setattr(explorer, "MOST_BYTES", 1)

    page = await asked.stream(ReadStream(stream=STREAM))

    assert [step.head.version for step in page.steps] == [3]


async def test_a_tree_is_read_up_to_a_limit_and_counted(engine: Engine) -> None:
    asked = await reviewed(engine, "1", "2", "3")
    (tree,) = (await asked.find(SearchStore(key=ORDER))).trees

    part = await asked.tree(ReadTree(correlation_id=tree.correlation_id, limit=2))

    assert [event.version for event in part.events] == [1, 2]
    assert part.count == 3
    assert (await asked.tree(ReadTree(correlation_id=uuid4()))).count == 0


async def test_an_unknown_stream_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused) as refused:
        await Explorer(engine, REGISTRY).stream(ReadStream(stream=STREAM))

    assert refused.value.code == "unknown_stream"
