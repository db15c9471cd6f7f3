"""How a made-up event grew: old data becomes the event of today."""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from libs.eventsourcing import Event, EventCatalogue
from libs.eventsourcing.model.errors import UnknownEvent
from libs.eventsourcing.model.event import Upcast


def in_cents(fields: dict[str, Any]) -> dict[str, Any]:
    """Make the second schema of the first: the price in cents."""
    return {"name": fields["name"], "cents": round(fields["price"] * 100)}


def with_a_kind(fields: dict[str, Any]) -> dict[str, Any]:
    """Make the third schema of the second: all bread was rye."""
    return fields | {"kind": "rye"}


class BreadBaked(Event):
    """A bread came out of the oven."""

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: in_cents, 2: with_a_kind}

    name: str
    cents: int
    kind: str


class OvenLit(Event):
    """The oven burns."""


CATALOGUE = EventCatalogue([BreadBaked, OvenLit])
TODAY = BreadBaked(name="loaf", cents=250, kind="rye")


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        (1, '{"name": "loaf", "price": 2.5}'),
        (2, '{"name": "loaf", "cents": 250}'),
        (3, '{"name": "loaf", "cents": 250, "kind": "rye"}'),
    ],
)
def test_data_of_every_schema_becomes_the_event_of_today(schema: int, data: str) -> None:
    assert CATALOGUE.decode("BreadBaked", schema, data) == TODAY


def test_a_schema_that_is_newer_than_the_program_is_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent, match="schema 4"):
        CATALOGUE.decode("BreadBaked", 4, "{}")


def test_a_type_that_the_program_does_not_know_is_not_guessed_at() -> None:
    with pytest.raises(UnknownEvent, match="RollBaked"):
        CATALOGUE.decode("RollBaked", 1, "{}")


@pytest.mark.parametrize(
    "data", ['{"name": "loaf", "cents": 1}', '{"name": "x", "cents": 1, "kind": "y", "z": 0}']
)
def test_data_that_was_never_valid_is_refused(data: str) -> None:
    with pytest.raises(ValidationError):
        CATALOGUE.decode("BreadBaked", 3, data)


def test_two_events_do_not_share_a_name() -> None:
    with pytest.raises(ValueError, match="OvenLit"):
        EventCatalogue([OvenLit, OvenLit])


def test_an_event_can_not_be_edited() -> None:
    with pytest.raises(ValidationError):
        TODAY.cents = 1  # type: ignore[misc]  # pyright: ignore[reportAttributeAccessIssue] - that is the point
