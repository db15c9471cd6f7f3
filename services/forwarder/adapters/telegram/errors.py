"""The meaning of Telegram's errors, by name: numeric codes differ between layers."""

import re

from libs.events.values import ResultClass, SessionLoss
from services.forwarder.ports import Meaning, MessengerError

CONNECTION_LOST = "CONNECTION_LOST"
NO_ANSWER = "NO_ANSWER"
KEY_NOT_FOUND = "AUTH_KEY_NOT_FOUND"
NOT_A_GROUP = "NOT_A_GROUP"
"""Names for failures that have none in Telegram.

A lost connection, a timeout, the transport error -404, a name that belongs to a person.
"""
BAN = "USER_BANNED_IN_CHANNEL"

_CLASSES = {
    ResultClass.ACCOUNT_LIMITED: "PEER_FLOOD",
    ResultClass.TARGET_DENIED: (
        "CHAT_WRITE_FORBIDDEN USER_BANNED_IN_CHANNEL CHAT_RESTRICTED CHANNEL_PRIVATE CHAT_ADMIN_REQUIRED "
        "CHAT_GUEST_SEND_FORBIDDEN"
    ),
    ResultClass.CONTENT_DENIED: "SLOWMODE_MULTI_MSGS_DISABLED",
    ResultClass.TARGET_GONE: (
        "TOPIC_CLOSED TOPIC_DELETED CHANNEL_INVALID USERNAME_NOT_OCCUPIED USERNAME_INVALID "
        f"INVITE_HASH_EXPIRED INVITE_HASH_INVALID {NOT_A_GROUP}"
    ),
    ResultClass.PAYMENT_REQUIRED: "PRIVACY_PREMIUM_REQUIRED PREMIUM_ACCOUNT_REQUIRED",
    ResultClass.SOURCE_BROKEN: "CHAT_FORWARDS_RESTRICTED MESSAGE_ID_INVALID MSG_ID_INVALID MEDIA_EMPTY",
    ResultClass.ACCOUNT_FROZEN: "FROZEN_METHOD_INVALID FROZEN_PARTICIPANT_MISSING",
    ResultClass.SESSION_LOST: (
        "AUTH_KEY_UNREGISTERED SESSION_REVOKED SESSION_EXPIRED AUTH_KEY_DUPLICATED USER_DEACTIVATED "
        f"USER_DEACTIVATED_BAN PHONE_NUMBER_BANNED AUTH_KEY_INVALID {KEY_NOT_FOUND}"
    ),
    ResultClass.ALREADY_SENT: "RANDOM_ID_DUPLICATE",
    ResultClass.TRANSIENT: (
        f"TIMEOUT RPC_CALL_FAIL WORKER_BUSY_TOO_LONG_RETRY -503 {CONNECTION_LOST} {NO_ANSWER}"
    ),
}
_BY_NAME = {name: result for result, names in _CLASSES.items() for name in names.split()}
_FAMILIES = (
    (re.compile(r"FLOOD_(?:PREMIUM_)?WAIT_\d+"), ResultClass.RATE_LIMITED),
    (re.compile(r"SLOWMODE_WAIT_\d+"), ResultClass.SLOW_MODE),
    (re.compile(r"CHAT_SEND_\w+_FORBIDDEN"), ResultClass.CONTENT_DENIED),
    (re.compile(r"ALLOW_PAYMENT_REQUIRED\w*"), ResultClass.PAYMENT_REQUIRED),
)
_WAIT = re.compile(r"WAIT_(\d+)$")
_SERVER_TROUBLE = 500
_DISCONNECTING = frozenset({CONNECTION_LOST, NO_ANSWER})
_OF_APPLICATION = frozenset({"API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"})

_BANNED = frozenset({"USER_DEACTIVATED", "USER_DEACTIVATED_BAN", "PHONE_NUMBER_BANNED"})
_BROKEN_AT_SOURCE = frozenset(
    {
        "CHANNEL_PRIVATE",
        "CHANNEL_INVALID",
        "USERNAME_NOT_OCCUPIED",
        "USERNAME_INVALID",
        "CHAT_ADMIN_REQUIRED",
        NOT_A_GROUP,
    }
)


class TelegramError(MessengerError):
    """Telegram refused, or did not answer; the name is Telegram's, or one of those above."""

    def __init__(self, name: str, code: int = 0) -> None:
        super().__init__(name, meaning_of(name, code))


def meaning_of(name: str, code: int = 0) -> Meaning:
    """Return the meaning of an error by its name; the code is used only for unknown names."""
    return Meaning(
        result=classify(name, code),
        result_at_source=classify_source(name, code),
        wait_seconds=wait_seconds(name),
        loss=loss_of(name),
        disconnects=name in _DISCONNECTING,
        of_application=name in _OF_APPLICATION,
    )


def classify(name: str, code: int = 0) -> ResultClass:
    """Return the class of an error by name; the code is used only for unknown names."""
    known = _BY_NAME.get(name.upper())
    if known is not None:
        return known
    for pattern, result in _FAMILIES:
        if pattern.fullmatch(name):
            return result
    return ResultClass.TRANSIENT if abs(code) >= _SERVER_TROUBLE else ResultClass.UNKNOWN


def classify_source(name: str, code: int = 0) -> ResultClass:
    """Return the class of an error about the post, not about a group."""
    return ResultClass.SOURCE_BROKEN if name in _BROKEN_AT_SOURCE else classify(name, code)


def wait_seconds(name: str) -> int:
    """Return the wait that an error asks for in seconds, at least 1; 0 if it asks for none."""
    found = _WAIT.search(name)
    return max(1, int(found.group(1))) if found else 0


def loss_of(name: str) -> SessionLoss:
    """Return the loss of a session by this error."""
    if classify(name) is ResultClass.ACCOUNT_FROZEN:
        return SessionLoss.FROZEN
    return SessionLoss.BANNED if name in _BANNED else SessionLoss.RETIRED
