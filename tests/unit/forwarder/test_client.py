"""Decisions on stored sessions and Telegram applications."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.events.forwarder import (
    ApiPairImported,
    SeatRested,
    SessionDied,
    SessionImported,
    SessionReachable,
    SessionUnreachable,
)
from libs.events.values import ApplicationId, ResultClass, SessionId, SessionLoss
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.forwarder.client.commands import Die, Import, MarkReachable, MarkUnreachable, Pause
from services.forwarder.client.domain import CLIENT
from services.forwarder.telegram_application.commands import Import as ImportApplication
from services.forwarder.telegram_application.domain import APPLICATION

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
SESSION = SessionId(UUID(int=1))
IMPORTED = SessionImported(session=SESSION, telegram_user=1001, phone="+49…42", pair=None)
DIED = SessionDied(session=SESSION, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")

client = scenarios(CLIENT)
pair = scenarios(APPLICATION)


def rest(seconds: int) -> Pause:
    return Pause(NOON + timedelta(seconds=seconds), ResultClass.RATE_LIMITED, f"FLOOD_WAIT_{seconds}", NOON)


def rested(seconds: int) -> SeatRested:
    return SeatRested(
        session=SESSION,
        until=NOON + timedelta(seconds=seconds),
        result=ResultClass.RATE_LIMITED,
        error=f"FLOOD_WAIT_{seconds}",
    )


def test_a_session_is_imported_once() -> None:
    command = Import(SESSION, 1001, "+49…42", None, NOON)
    client.when(command, command).then(IMPORTED)


def test_a_longer_rest_is_recorded_and_a_shorter_one_ignored() -> None:
    client.given(IMPORTED).when(rest(30), rest(20), rest(60)).then(rested(30), rested(60))


def test_a_session_dies_once_and_records_no_rest_afterwards() -> None:
    die = Die(SessionLoss.BANNED, "USER_DEACTIVATED_BAN", NOON)
    client.given(IMPORTED).when(die, die, rest(30)).then(DIED)


def test_an_unknown_session_records_no_rest() -> None:
    client.when(rest(30)).refused("unknown_session")


def test_the_death_of_an_unknown_session_is_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        CLIENT.fold([DIED])


def test_a_telegram_application_is_imported_once_and_keeps_its_api_id() -> None:
    known = ApplicationId(UUID(int=2))
    imported = ApiPairImported(pair=known, api_id=17)
    pair.when(ImportApplication(known, 17), ImportApplication(known, 17)).then(imported)
    pair.given(imported).when(ImportApplication(known, 18)).refused("pair_exists")
    with pytest.raises(ImpossibleEvent):
        APPLICATION.fold([imported, imported])


UNREACHABLE = SessionUnreachable(session=SESSION, error="CONNECTION_LOST", since=NOON)
REACHABLE = SessionReachable(session=SESSION)
MARK = MarkUnreachable("CONNECTION_LOST", NOON)


def test_only_changes_of_whether_a_session_is_reached_are_recorded() -> None:
    client.given(IMPORTED).when(MarkReachable()).then()
    client.given(IMPORTED).when(MARK).then(UNREACHABLE)
    client.given(IMPORTED, UNREACHABLE).when(MARK).then()
    client.given(IMPORTED, UNREACHABLE).when(MarkReachable()).then(REACHABLE)
    client.given(IMPORTED, UNREACHABLE, REACHABLE).when(MARK).then(UNREACHABLE)
    client.given(IMPORTED, DIED).when(MARK).then()
