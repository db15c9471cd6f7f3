"""API pairs."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from libs.events.provisioning import ApiPairAdded
from libs.events.values import PairId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.provisioning.pair.commands import AddPair
from services.provisioning.pair.domain import PAIR, Pair, evolve

pair = scenarios(PAIR)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ID = PairId(uuid4())
ADDED = ApiPairAdded(pair=ID, api_id=17)


def test_a_pair_is_added_once() -> None:
    pair.when(AddPair(ID, 17, NOON)).then(ADDED)
    pair.given(ADDED).when(AddPair(ID, 17, NOON)).then()


def test_a_pair_keeps_its_api_id() -> None:
    pair.given(ADDED).when(AddPair(ID, 18, NOON)).refused("pair_exists")


def test_a_pair_that_was_added_twice_is_a_loud_failure() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(Pair(ID, 17), ADDED)
