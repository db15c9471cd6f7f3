"""Telegram's errors have the result classes of the specification."""

import pytest

from libs.events.values import Party, ResultClass, SessionLoss
from services.forwarder.adapters.telegram.errors import (
    TelegramError,
    classify,
    classify_source,
    data_centre,
    loss_of,
    wait_seconds,
)
from services.forwarder.ports import Meaning

NAMES = {
    ResultClass.RATE_LIMITED: "FLOOD_WAIT_17 FLOOD_PREMIUM_WAIT_3 FLOOD_WAIT_SOON",
    ResultClass.SLOW_MODE: "SLOWMODE_WAIT_60",
    ResultClass.ACCOUNT_LIMITED: "PEER_FLOOD",
    ResultClass.TARGET_DENIED: (
        "CHAT_WRITE_FORBIDDEN USER_BANNED_IN_CHANNEL CHAT_RESTRICTED CHANNEL_PRIVATE CHAT_ADMIN_REQUIRED "
        "CHAT_GUEST_SEND_FORBIDDEN CHAT_FORBIDDEN USER_RESTRICTED CHAT_FULL_OF_EELS PEER_UNHEARD_OF "
        "USER_KICKED_FROM_CHANNEL CHAT_SEND_FORBIDDEN"
    ),
    ResultClass.CONTENT_DENIED: (
        "CHAT_SEND_PLAIN_FORBIDDEN CHAT_SEND_MEDIA_FORBIDDEN CHAT_SEND_PHOTOS_FORBIDDEN "
        "SLOWMODE_MULTI_MSGS_DISABLED MESSAGE_EMPTY MESSAGE_TOO_LONG MEDIA_INVALID"
    ),
    ResultClass.TARGET_GONE: (
        "TOPIC_CLOSED TOPIC_DELETED CHANNEL_INVALID USERNAME_NOT_OCCUPIED USERNAME_INVALID "
        "INVITE_HASH_EXPIRED PEER_ID_INVALID CHAT_ID_INVALID REPLY_MESSAGE_ID_INVALID TOPIC_ID_INVALID "
        "CHANNEL_FORUM_MISSING TOPIC_UNHEARD_OF"
    ),
    ResultClass.PAYMENT_REQUIRED: (
        "ALLOW_PAYMENT_REQUIRED ALLOW_PAYMENT_REQUIRED_5 PRIVACY_PREMIUM_REQUIRED PREMIUM_ACCOUNT_REQUIRED"
    ),
    ResultClass.SOURCE_BROKEN: (
        "CHAT_FORWARDS_RESTRICTED MESSAGE_ID_INVALID MSG_ID_INVALID MESSAGE_IDS_EMPTY MEDIA_EMPTY"
    ),
    ResultClass.ACCOUNT_FROZEN: "FROZEN_METHOD_INVALID FROZEN_PARTICIPANT_MISSING",
    ResultClass.SESSION_LOST: (
        "AUTH_KEY_UNREGISTERED SESSION_REVOKED SESSION_EXPIRED AUTH_KEY_DUPLICATED USER_DEACTIVATED "
        "USER_DEACTIVATED_BAN PHONE_NUMBER_BANNED AUTH_KEY_NOT_FOUND SESSION_PASSWORD_NEEDED "
        "AUTH_KEY_PERM_EMPTY"
    ),
    ResultClass.ALREADY_SENT: "RANDOM_ID_DUPLICATE",
    ResultClass.TRANSIENT: (
        "TIMEOUT Timeout RPC_CALL_FAIL WORKER_BUSY_TOO_LONG_RETRY -503 CONNECTION_LOST USER_MIGRATE_4"
    ),
    ResultClass.UNREADABLE: "UNREADABLE_ANSWER",
    ResultClass.UNKNOWN: "EELS_IN_HOVERCRAFT SLOWMODE",
}
CASES = [(name, result) for result, names in NAMES.items() for name in names.split()]


@pytest.mark.parametrize(("name", "result"), CASES, ids=[name for name, _ in CASES])
def test_each_error_name_has_its_class(name: str, result: ResultClass) -> None:
    assert classify(name) is result


def test_a_private_channel_as_source_breaks_the_source_and_as_target_denies_it() -> None:
    assert classify_source("CHANNEL_PRIVATE") is ResultClass.SOURCE_BROKEN
    assert classify("CHANNEL_PRIVATE") is ResultClass.TARGET_DENIED
    assert classify_source("FLOOD_WAIT_9") is ResultClass.RATE_LIMITED


def test_an_unknown_name_with_a_server_error_code_is_transient() -> None:
    assert classify("NO_WORKERS_RUNNING", 500) is ResultClass.TRANSIENT
    assert classify("No workers running", -500) is ResultClass.TRANSIENT
    assert classify("NO_WORKERS_RUNNING", 400) is ResultClass.UNKNOWN


def test_each_error_has_its_effect_for_the_forwarder() -> None:
    assert TelegramError("FLOOD_WAIT_17").meaning == Meaning(
        ResultClass.RATE_LIMITED,
        ResultClass.RATE_LIMITED,
        Party.ACCOUNT,
        Party.ACCOUNT,
        wait_seconds=17,
    )
    assert TelegramError("CHANNEL_PRIVATE").meaning.result_at_source is ResultClass.SOURCE_BROKEN
    assert TelegramError("USER_DEACTIVATED_BAN").meaning.loss is SessionLoss.BANNED
    assert TelegramError("NO_WORKERS_RUNNING", 500).meaning.result is ResultClass.TRANSIENT
    assert {name for name, _ in CASES if TelegramError(name).meaning.disconnects} == {
        "CONNECTION_LOST",
        "UNREADABLE_ANSWER",
        "USER_MIGRATE_4",
    }
    assert TelegramError("NO_ANSWER").meaning.disconnects
    assert TelegramError("API_ID_INVALID").meaning.of_application
    assert not TelegramError("AUTH_KEY_UNREGISTERED").meaning.of_application


@pytest.mark.parametrize(
    ("name", "seconds"),
    [("FLOOD_WAIT_17", 17), ("SLOWMODE_WAIT_60", 60), ("FLOOD_WAIT_0", 1), ("PEER_FLOOD", 0)],
)
def test_a_wait_is_parsed_from_the_name(name: str, seconds: int) -> None:
    assert wait_seconds(name) == seconds


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        ("USER_DEACTIVATED_BAN", SessionLoss.BANNED),
        ("PHONE_NUMBER_BANNED", SessionLoss.BANNED),
        ("FROZEN_METHOD_INVALID", SessionLoss.FROZEN),
        ("AUTH_KEY_DUPLICATED", SessionLoss.RETIRED),
        ("SESSION_REVOKED", SessionLoss.RETIRED),
    ],
)
def test_a_lost_session_is_classified_by_its_error(name: str, loss: SessionLoss) -> None:
    assert loss_of(name) is loss


@pytest.mark.parametrize(
    ("name", "code", "result", "party"),
    [
        ("KEY_OF_TOMORROW", 401, ResultClass.SESSION_LOST, Party.ACCOUNT),
        ("ELSEWHERE", 303, ResultClass.TRANSIENT, None),
        ("FORBIDDEN_SOMEHOW", 403, ResultClass.TARGET_DENIED, Party.SEAT_AT_TARGET),
        ("CHAT_OF_TOMORROW", 400, ResultClass.TARGET_DENIED, Party.SEAT_AT_TARGET),
        ("CHAT_OF_TOMORROW", 500, ResultClass.TRANSIENT, None),
        ("CHAT_OF_TOMORROW", 406, ResultClass.TARGET_DENIED, Party.SEAT_AT_TARGET),
        ("EELS_IN_HOVERCRAFT", 400, ResultClass.UNKNOWN, None),
    ],
)
def test_a_name_that_is_not_in_the_table_goes_by_its_code_and_its_family(
    name: str, code: int, result: ResultClass, party: Party | None
) -> None:
    meaning = TelegramError(name, code).meaning
    assert (meaning.result, meaning.party) == (result, party)


@pytest.mark.parametrize(
    ("name", "at_target", "at_source"),
    [
        ("CHANNEL_PRIVATE", Party.SEAT_AT_TARGET, Party.SEAT_AT_SOURCE),
        ("CHANNEL_INVALID", Party.TARGET, Party.SEAT_AT_SOURCE),
        ("USERNAME_NOT_OCCUPIED", Party.TARGET, Party.SOURCE),
        ("MESSAGE_ID_INVALID", Party.SOURCE, Party.SOURCE),
        ("FLOOD_WAIT_9", Party.ACCOUNT, Party.ACCOUNT),
        ("RPC_CALL_FAIL", None, None),
    ],
)
def test_an_answer_is_about_another_party_at_the_source(
    name: str, at_target: Party | None, at_source: Party | None
) -> None:
    meaning = TelegramError(name).meaning
    assert (meaning.party, meaning.party_at_source) == (at_target, at_source)


@pytest.mark.parametrize(
    ("name", "number"), [("USER_MIGRATE_4", 4), ("NETWORK_MIGRATE_1", 1), ("FILE_MIGRATE_3", None)]
)
def test_an_error_may_name_the_data_centre_to_connect_to(name: str, number: int | None) -> None:
    assert data_centre(name) == number


@pytest.mark.parametrize(
    ("name", "code", "unsure"),
    [
        ("AUTH_KEY_UNREGISTERED", 401, True),
        ("AUTH_KEY_NOT_FOUND", 0, True),
        ("KEY_OF_TOMORROW", 401, True),
        ("SESSION_REVOKED", 401, False),
        ("AUTH_KEY_DUPLICATED", 406, False),
        ("USER_DEACTIVATED_BAN", 401, False),
        ("FROZEN_METHOD_INVALID", 420, False),
        ("RPC_CALL_FAIL", 500, False),
    ],
)
def test_losses_that_come_and_go_are_unsure(name: str, code: int, unsure: bool) -> None:  # noqa: FBT001
    assert TelegramError(name, code).meaning.unsure is unsure
