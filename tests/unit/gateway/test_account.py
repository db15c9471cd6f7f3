"""Decisions on accounts."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from libs.events.gateway import (
    AccessCodeReset,
    AccountErased,
    AccountRegistered,
    AccountRestored,
    AccountSuspended,
    ApiKeyId,
    ApiKeyIssued,
    ApiKeyRevoked,
    Role,
    RoleChanged,
    Scope,
    SecondFactorEnabled,
    SecondFactorRemoved,
    SignedOutEverywhere,
)
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.account.commands import (
    ChangeRole,
    Command,
    EnableSecondFactor,
    Erase,
    IssueFirstCode,
    IssueKey,
    Register,
    RemoveSecondFactor,
    ResetCode,
    Restore,
    RevokeKey,
    SignOutEverywhere,
    Suspend,
)
from services.gateway.account.domain import ACCOUNT, MOST_KEYS
from services.gateway.account.state import Account, AccountEvent

account = scenarios(ACCOUNT)

ANNA = AccountId(UUID("0190a000-0000-7000-8000-000000000001"))
NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
OLD, NEW = "a" * 64, "b" * 64
REGISTERED = AccountRegistered(
    account=ANNA,
    role=Role.CLIENT,
    licence="LIC-00000-00000",
)
BY_CHECKOUT = REGISTERED.model_copy(update={"code_digest": OLD})
ISSUED = AccessCodeReset(account=ANNA, code_digest=OLD)
RESET = AccessCodeReset(account=ANNA, code_digest=NEW)
SUSPENDED = AccountSuspended(account=ANNA, reason="spam")
RESTORED = AccountRestored(account=ANNA)
EVERYWHERE = SignedOutEverywhere(account=ANNA)
ADMIN = RoleChanged(account=ANNA, role=Role.ADMIN)
ENABLED = SecondFactorEnabled(account=ANNA)
REMOVED = SecondFactorRemoved(account=ANNA)
KEY = ApiKeyId(UUID(int=1))
ISSUE_KEY = IssueKey(ANNA, KEY, "reports", (Scope.READ,), "c" * 64, NOON + timedelta(days=1), NOON)
KEY_ISSUED = ApiKeyIssued(
    account=ANNA,
    key=KEY,
    name="reports",
    scopes=(Scope.READ,),
    digest="c" * 64,
    expires_at=NOON + timedelta(days=1),
)
KEY_REVOKED = ApiKeyRevoked(account=ANNA, key=KEY)
ERASED = AccountErased(account=ANNA)


def register() -> Register:
    return Register(
        account=ANNA,
        role=Role.CLIENT,
        licence="LIC-00000-00000",
        at=NOON,
    )


def test_the_first_registration_issues_no_code() -> None:
    account.when(register()).then(REGISTERED)
    assert account.given(REGISTERED).state() == Account(ANNA, Role.CLIENT, None, "LIC-00000-00000")


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


def test_an_erased_account_has_no_keys_and_nothing_happens_to_it_any_more() -> None:
    account.given(REGISTERED, RESET, KEY_ISSUED).when(Erase(ANNA)).then(KEY_REVOKED, ERASED)
    erased = account.given(REGISTERED, ERASED)
    for refused in (ResetCode(ANNA, NEW, NOON), SignOutEverywhere(ANNA), ISSUE_KEY, RevokeKey(ANNA, KEY)):
        erased.when(refused).refused("account_erased")
    for repeated in (register(), Erase(ANNA), IssueFirstCode(ANNA, OLD)):
        erased.when(repeated).then()
    with pytest.raises(ImpossibleEvent):
        account.given(REGISTERED, ERASED, RESET).state()


def test_an_admin_is_not_erased() -> None:
    account.given(REGISTERED, ADMIN).when(Erase(ANNA)).refused("account_is_admin")
    account.when(Erase(ANNA)).refused("unknown_account")


def test_a_reset_replaces_only_the_code() -> None:
    state = account.given(BY_CHECKOUT, RESET).state()
    assert state == Account(ANNA, Role.CLIENT, NEW, "LIC-00000-00000", epoch=1)


def test_a_reset_without_an_account_is_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(RESET).state()


def test_two_registrations_are_an_impossible_history() -> None:
    with pytest.raises(ImpossibleEvent):
        account.given(REGISTERED, REGISTERED).state()


@pytest.mark.parametrize(
    ("history", "command", "events"),
    [
        ([], Suspend(ANNA, "spam"), [SUSPENDED]),
        ([SUSPENDED], Suspend(ANNA, "worse"), []),
        ([], Restore(ANNA), []),
        ([SUSPENDED], Restore(ANNA), [RESTORED]),
        ([], SignOutEverywhere(ANNA), [EVERYWHERE]),
        ([], ChangeRole(ANNA, Role.ADMIN), [ADMIN]),
        ([ADMIN], ChangeRole(ANNA, Role.ADMIN), []),
        ([], EnableSecondFactor(ANNA), [ENABLED]),
        ([ENABLED], EnableSecondFactor(ANNA), []),
        ([ENABLED], RemoveSecondFactor(ANNA), [REMOVED]),
        ([], RemoveSecondFactor(ANNA), []),
    ],
)
def test_who_may_use_the_account_changes_once(
    history: list[AccountEvent], command: Command, events: list[AccountEvent]
) -> None:
    account.given(REGISTERED, *history).when(command).then(*events)


@pytest.mark.parametrize("event", [ISSUED, SUSPENDED, EVERYWHERE, ADMIN, ENABLED, REMOVED])
def test_what_changes_who_may_use_the_account_begins_another_epoch(event: AccountEvent) -> None:
    assert epoch_after(event) == 1


@pytest.mark.parametrize("event", [RESTORED, KEY_ISSUED])
def test_other_changes_sign_nobody_out(event: AccountEvent) -> None:
    assert epoch_after(event) == 0


def epoch_after(event: AccountEvent) -> int:
    state = account.given(REGISTERED, event).state()
    assert state is not None
    return state.epoch


def test_a_key_that_is_issued_again_has_another_secret_and_is_still_one() -> None:
    again = replace(ISSUE_KEY, digest="d" * 64)
    issued_again = KEY_ISSUED.model_copy(update={"digest": "d" * 64})
    account.given(REGISTERED, KEY_ISSUED).when(again).then(issued_again)
    keys = [KEY_ISSUED.model_copy(update={"key": ApiKeyId(UUID(int=1 + n))}) for n in range(MOST_KEYS)]
    account.given(REGISTERED, *keys).when(again).then(issued_again)
    account.given(REGISTERED, KEY_ISSUED, issued_again).when(RevokeKey(ANNA, KEY)).then(KEY_REVOKED)


def test_a_key_is_issued_and_revoked_once() -> None:
    account.given(REGISTERED).when(ISSUE_KEY).then(KEY_ISSUED)
    account.given(REGISTERED, KEY_ISSUED).when(RevokeKey(ANNA, KEY)).then(KEY_REVOKED)
    account.given(REGISTERED).when(RevokeKey(ANNA, KEY)).refused("unknown_api_key")
    account.given(REGISTERED, KEY_ISSUED, KEY_REVOKED).when(RevokeKey(ANNA, KEY)).refused("unknown_api_key")


def test_a_key_is_good_for_no_more_than_the_account() -> None:
    admins = replace(ISSUE_KEY, scopes=(Scope.ADMIN,))
    account.given(REGISTERED).when(admins).refused("scope_not_allowed")
    account.given(REGISTERED, ADMIN).when(admins).refused("scope_not_allowed")
    account.given(REGISTERED, ENABLED).when(admins).refused("scope_not_allowed")
    account.given(REGISTERED, ADMIN, ENABLED).when(admins).then(
        KEY_ISSUED.model_copy(update={"scopes": (Scope.ADMIN,)})
    )


@pytest.mark.parametrize(
    ("command", "event"),
    [
        (ChangeRole(ANNA, Role.CLIENT), RoleChanged(account=ANNA, role=Role.CLIENT)),
        (RemoveSecondFactor(ANNA), REMOVED),
    ],
)
def test_an_admins_keys_end_with_the_role_and_with_the_second_factor(
    command: ChangeRole | RemoveSecondFactor, event: AccountEvent
) -> None:
    admins = KEY_ISSUED.model_copy(update={"scopes": (Scope.ADMIN,)})
    other = KEY_ISSUED.model_copy(update={"key": ApiKeyId(UUID(int=2))})
    before = (REGISTERED, ADMIN, ENABLED, admins, other)
    account.given(*before).when(command).then(event, KEY_REVOKED)
    account.given(*before, KEY_REVOKED).when(command).then(event)


def test_an_admins_key_that_an_older_version_left_ends_with_the_next_promotion() -> None:
    admins = KEY_ISSUED.model_copy(update={"scopes": (Scope.ADMIN,)})
    client = RoleChanged(account=ANNA, role=Role.CLIENT)
    left = (REGISTERED, ADMIN, ENABLED, admins, client)
    account.given(*left).when(ChangeRole(ANNA, Role.ADMIN)).then(ADMIN, KEY_REVOKED)
    account.given(*left, REMOVED).when(EnableSecondFactor(ANNA)).then(ENABLED, KEY_REVOKED)


def test_a_key_expires_later_than_now() -> None:
    account.given(REGISTERED).when(replace(ISSUE_KEY, expires_at=NOON)).refused("expires_in_the_past")


def test_an_account_has_so_many_keys_in_use_and_no_more() -> None:
    keys = [KEY_ISSUED.model_copy(update={"key": ApiKeyId(UUID(int=2 + n))}) for n in range(MOST_KEYS)]
    account.given(REGISTERED, *keys).when(ISSUE_KEY).refused("too_many_api_keys")
    later = replace(ISSUE_KEY, at=NOON + timedelta(days=2), expires_at=None)
    issued = KEY_ISSUED.model_copy(update={"expires_at": None})
    revoked = [ApiKeyRevoked(account=ANNA, key=key.key) for key in keys]
    account.given(REGISTERED, *keys).when(later).then(*revoked, issued)
    account.given(REGISTERED, *keys[1:]).when(later).then(issued)


def test_another_code_revokes_all_keys() -> None:
    account.given(REGISTERED, ISSUED, KEY_ISSUED).when(ResetCode(ANNA, NEW, NOON)).then(RESET, KEY_REVOKED)
