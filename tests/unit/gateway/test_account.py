"""Decisions on accounts."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.events.gateway import AccessCodeReset, AccountRegistered, Role
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.account.commands import IssueFirstCode, Register, ResetCode
from services.gateway.account.domain import ACCOUNT, Account

account = scenarios(ACCOUNT)

ANNA = AccountId(UUID("0190a000-0000-7000-8000-000000000001"))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
REGISTERED = AccountRegistered(
    account=ANNA,
    email="anna@example.com",
    role=Role.CLIENT,
    licence="LIC-00000-00000",
)
BY_CHECKOUT = REGISTERED.model_copy(update={"code_digest": OLD})
ISSUED = AccessCodeReset(account=ANNA, code_digest=OLD)
RESET = AccessCodeReset(account=ANNA, code_digest=NEW)


def register(*, email: str = "anna@example.com") -> Register:
    return Register(
        account=ANNA,
        email=email,
        role=Role.CLIENT,
        licence="LIC-00000-00000",
        at=NOON,
    )


def test_the_first_registration_issues_no_code() -> None:
    account.when(register()).then(REGISTERED)
    assert account.given(REGISTERED).state() == Account(
        "anna@example.com", Role.CLIENT, None, "LIC-00000-00000"
    )


def test_registering_again_is_a_no_op() -> None:
    account.given(REGISTERED).when(register()).then()


def test_the_first_code_is_issued_once() -> None:
    account.given(REGISTERED).when(IssueFirstCode(ANNA, OLD)).then(ISSUED)
    account.given(REGISTERED, ISSUED).when(IssueFirstCode(ANNA, OLD)).then()


@pytest.mark.parametrize("before", [[BY_CHECKOUT], [REGISTERED, RESET], [BY_CHECKOUT, RESET]])
def test_an_account_with_a_code_gets_no_first_one(
    before: list[AccountRegistered | AccessCodeReset],
) -> None:
    account.given(*before).when(IssueFirstCode(ANNA, "c" * 64)).then()


def test_the_operator_issues_a_code_whether_there_was_one_or_not() -> None:
    account.given(REGISTERED).when(ResetCode(ANNA, NEW, NOON)).then(RESET)
    account.given(BY_CHECKOUT).when(ResetCode(ANNA, NEW, NOON)).then(RESET)
    account.given(REGISTERED, RESET).when(ResetCode(ANNA, NEW, NOON)).then()


def test_no_code_is_issued_before_the_account_exists() -> None:
    account.when(ResetCode(ANNA, NEW, NOON)).refused("unknown_account")
    account.when(IssueFirstCode(ANNA, NEW)).refused("unknown_account")


def test_an_account_is_not_registered_for_a_second_address() -> None:
    account.given(REGISTERED).when(register(email="bert@example.com")).refused("account_exists_differently")


def test_the_address_is_stored_in_lower_case() -> None:
    shouted = AccountRegistered.model_validate(REGISTERED.model_dump() | {"email": "Anna@Example.COM"})
    assert shouted == REGISTERED


def test_a_reset_replaces_only_the_code() -> None:
    state = account.given(BY_CHECKOUT, RESET).state()
    assert state == Account("anna@example.com", Role.CLIENT, NEW, "LIC-00000-00000")


def test_a_reset_without_an_account_is_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(RESET).state()


def test_two_registrations_are_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(REGISTERED, REGISTERED).state()
