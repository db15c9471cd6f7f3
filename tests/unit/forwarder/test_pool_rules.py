"""Rules of the pool without a database: random ids, next steps, names of errors."""

from uuid import UUID

import pytest
from pydantic import TypeAdapter
from telethon.errors import rpc_message_to_error  # pyright: ignore[reportUnknownVariableType]
from telethon.tl.functions import PingRequest

from libs.events.values import CycleId, ErrorName, GroupRef, ResultClass
from services.forwarder.adapters.telegram.account import masked
from services.forwarder.adapters.telegram.names import name_of
from services.forwarder.pool.claims import same_as
from services.forwarder.pool.following import (
    Again,
    BreakSource,
    Following,
    LoseSeat,
    PauseSeat,
    Record,
    RetryLimits,
    what_follows,
)
from services.forwarder.pool.posting import idempotency_key

CYCLE = CycleId(UUID(int=7))
LIMITS = RetryLimits(
    attempts=3, backoff_seconds=1, max_backoff_seconds=30, wait_seconds=60, account_rest_seconds=86_400
)


def test_an_idempotency_key_never_changes() -> None:
    assert idempotency_key(CYCLE, "@group", 12) == -135136242020435415


def test_another_cycle_group_or_message_has_another_key() -> None:
    ids = {
        idempotency_key(cycle, group, message)
        for cycle in (CYCLE, CycleId(UUID(int=8)))
        for group in ("@group", "@group/5", "@other")
        for message in range(20)
    }
    assert len(ids) == 120
    assert all(-(2**63) <= number < 2**63 for number in ids)
    assert min(ids) < 0 < max(ids)


@pytest.mark.parametrize(
    ("result", "wait", "attempts", "follows"),
    [
        (ResultClass.RATE_LIMITED, 17, 1, PauseSeat(17)),
        (ResultClass.RATE_LIMITED, 9000, 1, PauseSeat(9000)),
        (ResultClass.ACCOUNT_LIMITED, 0, 1, PauseSeat(86_400)),
        (ResultClass.SLOW_MODE, 30, 1, Again(30)),
        (ResultClass.SLOW_MODE, 3600, 1, Record()),
        (ResultClass.SLOW_MODE, 30, 3, Record()),
        (ResultClass.TRANSIENT, 0, 1, Again(1)),
        (ResultClass.TRANSIENT, 0, 2, Again(2)),
        (ResultClass.TRANSIENT, 0, 3, Record()),
        (ResultClass.SESSION_LOST, 0, 1, LoseSeat()),
        (ResultClass.ACCOUNT_FROZEN, 0, 1, LoseSeat()),
        (ResultClass.SOURCE_BROKEN, 0, 1, BreakSource()),
        (ResultClass.TARGET_DENIED, 0, 1, Record()),
        (ResultClass.CONTENT_DENIED, 0, 1, Record()),
        (ResultClass.TARGET_GONE, 0, 1, Record()),
        (ResultClass.PAYMENT_REQUIRED, 0, 1, Record()),
        (ResultClass.ALREADY_SENT, 0, 1, Record()),
        (ResultClass.UNKNOWN, 0, 1, Record()),
    ],
)
def test_the_next_step_depends_on_the_results_class(
    result: ResultClass, wait: int, attempts: int, follows: Following
) -> None:
    assert what_follows(result, wait, attempts, LIMITS) == follows


def test_backoff_doubles_up_to_a_limit() -> None:
    assert [LIMITS.backoff(attempt) for attempt in (1, 2, 3, 4, 10)] == [1, 2, 4, 8, 30]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (420, "FLOOD_WAIT_17"),
        (420, "FLOOD_PREMIUM_WAIT_4"),
        (420, "SLOWMODE_WAIT_30"),
        (403, "CHAT_WRITE_FORBIDDEN"),
        (400, "USERNAME_NOT_OCCUPIED"),
        (401, "AUTH_KEY_UNREGISTERED"),
        (406, "AUTH_KEY_DUPLICATED"),
        (500, "RANDOM_ID_DUPLICATE"),
        (400, "NEVER_HEARD_OF_THIS"),
        (420, "FROZEN_METHOD_INVALID"),
    ],
)
def test_telethons_errors_are_mapped_to_telegrams_names(code: int, name: str) -> None:
    class Answer:
        error_code = code
        error_message = name

    error = rpc_message_to_error(Answer(), PingRequest(1))  # pyright: ignore[reportUnknownVariableType]
    assert name_of(error) == name


def test_a_phone_number_is_masked() -> None:
    assert masked("491701234542") == "+49…42"
    assert masked("") == ""


def test_the_longest_group_name_fits_into_a_duplicate_deliverys_error() -> None:
    longest = TypeAdapter[str](GroupRef).validate_python("+" + "x" * 64 + "/" + "9" * 10)
    assert TypeAdapter[str](ErrorName).validate_python(same_as(longest)) == f"SAME_AS {longest}"
