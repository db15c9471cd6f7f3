"""Decisions on sessions of the stock."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from libs.events.provisioning import SessionAssigned, SessionLost, SessionReleased, SessionStocked
from libs.events.values import AdbotId, ApplicationId, SessionId, SessionLoss
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.provisioning.session.commands import Assign, Lose, Release, Stock
from services.provisioning.session.domain import SESSION, Assigned, Lost, Unused, evolve

session = scenarios(SESSION)

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ID, ADBOT, OTHER = SessionId(uuid4()), AdbotId(uuid4()), AdbotId(uuid4())
PAIR, OTHER_PAIR = ApplicationId(uuid4()), ApplicationId(uuid4())
STOCK = Stock(ID, 4711, "+49…42", None, NOON)
STOCKED = SessionStocked(session=ID, telegram_user=4711, phone="+49…42")
STOCKED_WITH_PAIR = SessionStocked(session=ID, telegram_user=4711, phone="+49…42", pair=PAIR)
ASSIGNED = SessionAssigned(session=ID, adbot=ADBOT, pair=PAIR)
BANNED = SessionLost(session=ID, adbot=None, loss=SessionLoss.BANNED, error="USER_DEACTIVATED_BAN")
LOSE = Lose(SessionLoss.BANNED, "USER_DEACTIVATED_BAN", NOON)
ASSIGN = Assign(ADBOT, PAIR, NOON)


def test_an_imported_session_is_in_stock() -> None:
    session.when(STOCK).then(STOCKED)


def test_a_session_that_is_in_stock_is_not_stocked_again() -> None:
    session.given(STOCKED).when(STOCK).then()
    session.given(STOCKED, ASSIGNED).when(STOCK).then()


def test_an_unused_session_is_assigned_with_the_chosen_application() -> None:
    session.given(STOCKED).when(ASSIGN).then(ASSIGNED)


def test_a_session_with_its_own_application_is_assigned_with_no_other() -> None:
    session.given(STOCKED_WITH_PAIR).when(ASSIGN).then(ASSIGNED)
    session.given(STOCKED_WITH_PAIR).when(Assign(ADBOT, OTHER_PAIR, NOON)).refused("pair_fixed")


def test_assigning_a_session_to_its_adbot_again_is_a_no_op() -> None:
    session.given(STOCKED, ASSIGNED).when(ASSIGN).then()


def test_a_session_is_never_on_two_adbots() -> None:
    session.given(STOCKED, ASSIGNED).when(Assign(OTHER, PAIR, NOON)).refused("session_taken")


def test_a_lost_session_is_not_assigned() -> None:
    session.given(STOCKED, BANNED).when(ASSIGN).refused("session_lost")


def test_a_released_session_may_get_another_adbot_and_application() -> None:
    released = SessionReleased(session=ID, adbot=ADBOT)
    session.given(STOCKED, ASSIGNED).when(Release(NOON)).then(released)
    session.given(STOCKED, ASSIGNED, released).when(Assign(OTHER, OTHER_PAIR, NOON)).then(
        SessionAssigned(session=ID, adbot=OTHER, pair=OTHER_PAIR)
    )
    assert session.given(STOCKED_WITH_PAIR, ASSIGNED, released).state() == Unused(ID, PAIR)


def test_releasing_an_unassigned_session_is_a_no_op() -> None:
    session.given(STOCKED).when(Release(NOON)).then()
    session.given(STOCKED, BANNED).when(Release(NOON)).then()


def test_a_session_loss_names_the_sessions_adbot() -> None:
    session.given(STOCKED).when(LOSE).then(BANNED)
    session.given(STOCKED, ASSIGNED).when(LOSE).then(BANNED.model_copy(update={"adbot": ADBOT}))


def test_a_session_is_lost_once() -> None:
    session.given(STOCKED, BANNED).when(Lose(SessionLoss.FROZEN, "FROZEN_METHOD_INVALID", NOON)).then()


@pytest.mark.parametrize("command", [ASSIGN, Release(NOON), LOSE])
def test_commands_for_an_unknown_session_are_refused(command: Assign | Release | Lose) -> None:
    session.when(command).refused("unknown_session")


def test_each_event_leads_to_its_state() -> None:
    assert session.given(STOCKED).state() == Unused(ID, None)
    assert session.given(STOCKED, ASSIGNED).state() == Assigned(ID, ADBOT, PAIR, own=False)
    assert session.given(STOCKED, BANNED).state() == Lost(ID, SessionLoss.BANNED)


def test_an_impossible_history_is_an_error() -> None:
    with pytest.raises(ImpossibleEvent):
        evolve(None, ASSIGNED)
    with pytest.raises(ImpossibleEvent):
        evolve(Lost(ID, SessionLoss.BANNED), ASSIGNED)
    with pytest.raises(ImpossibleEvent):
        evolve(Unused(ID, None), STOCKED)


def test_a_session_that_an_operator_retires_says_why() -> None:
    retire = Lose(SessionLoss.RETIRED, "RETIRED_BY_HAND", NOON, "sold")
    retired = SessionLost(
        session=ID, adbot=ADBOT, loss=SessionLoss.RETIRED, error="RETIRED_BY_HAND", reason="sold"
    )
    session.given(STOCKED, ASSIGNED).when(retire).then(retired)
    session.given(STOCKED, ASSIGNED, retired).when(ASSIGN).refused("session_lost")
