"""Decisions on Telegram applications."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from libs.events.provisioning import ApiPairAdded
from libs.events.values import ApplicationId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.provisioning.telegram_application.commands import AddApplication
from services.provisioning.telegram_application.domain import APPLICATION, Application, evolve

pair = scenarios(APPLICATION)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ID = ApplicationId(uuid4())
ADDED = ApiPairAdded(pair=ID, api_id=17)


def test_a_telegram_application_is_added_once() -> None:
    pair.when(AddApplication(ID, 17, NOON)).then(ADDED)
    pair.given(ADDED).when(AddApplication(ID, 17, NOON)).then()


def test_a_telegram_application_keeps_its_api_id() -> None:
    pair.given(ADDED).when(AddApplication(ID, 18, NOON)).refused("pair_exists")


def test_an_application_that_was_added_twice_is_an_error() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(Application(ID, 17), ADDED)
