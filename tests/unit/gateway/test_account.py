"""Decisions about accounts."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from libs.events.gateway import AccessCodeReset, AccountRegistered, Role
from libs.events.values import AccountId
from libs.eventsourcing.decider import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.account.domain import ACCOUNT, Account, Register

account = scenarios(ACCOUNT)

ANNA = AccountId(UUID("0190a000-0000-7000-8000-000000000001"))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
REGISTERED = AccountRegistered(
    account=ANNA,
    email="anna@example.com",
    role=Role.CLIENT,
    code_digest=OLD,
    licence="LIC-00000-00000",
)


def register(*, email: str = "anna@example.com", digest: str = OLD) -> Register:
    return Register(
        account=ANNA,
        email=email,
        role=Role.CLIENT,
        code_digest=digest,
        licence="LIC-00000-00000",
        at=NOON,
    )


def test_the_first_registration_opens_the_account() -> None:
    account.when(register()).then(REGISTERED)


def test_registering_again_changes_nothing_whatever_code_was_drawn() -> None:
    account.given(REGISTERED).when(register(digest=NEW)).then()


def test_an_account_is_not_registered_for_a_second_address() -> None:
    account.given(REGISTERED).when(register(email="bert@example.com")).refused("account_exists_differently")


def test_the_address_is_kept_in_lower_case() -> None:
    shouted = AccountRegistered.model_validate(REGISTERED.model_dump() | {"email": "Anna@Example.COM"})
    assert shouted == REGISTERED


def test_a_reset_replaces_the_code_and_nothing_else() -> None:
    state = account.given(REGISTERED, AccessCodeReset(account=ANNA, code_digest=NEW)).state()
    assert state == Account("anna@example.com", Role.CLIENT, NEW, "LIC-00000-00000")


def test_nothing_is_reset_before_the_account_exists() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(AccessCodeReset(account=ANNA, code_digest=NEW)).state()


def test_an_account_can_not_begin_twice() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(REGISTERED, REGISTERED).state()
