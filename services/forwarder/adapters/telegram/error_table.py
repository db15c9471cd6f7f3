"""The one table of Telegram's errors: their class, and whom they are about in each situation."""

import re
from dataclasses import dataclass

from libs.events.values import Party, ResultClass

CONNECTION_LOST = "CONNECTION_LOST"
NO_ANSWER = "NO_ANSWER"
KEY_NOT_FOUND = "AUTH_KEY_NOT_FOUND"
NOT_A_GROUP = "NOT_A_GROUP"
UNREADABLE_ANSWER = "UNREADABLE_ANSWER"
"""Names for failures that have none in Telegram.

A lost connection, a timeout, the transport error -404, a name that belongs to a person, and an answer with
types that the client does not know.
"""
BAN = "USER_BANNED_IN_CHANNEL"
GONE = frozenset(
    {"CHANNEL_PRIVATE", "CHANNEL_INVALID", "CHAT_ID_INVALID", "PEER_ID_INVALID", "CHAT_FORBIDDEN"}
)
"""The answers to a look at a known chat that is gone, or from which the account was removed."""


@dataclass(frozen=True)
class Line:
    """The meaning of some errors. A name may be a pattern that matches it whole."""

    names: str
    """Separated by spaces."""
    result: ResultClass
    party: Party | None
    """Whom an answer to a send, or to resolving the group, is about."""
    party_at_source: Party | None = None
    """Whom an answer to resolving the post's channel or to reading it is about; `party` if None."""
    in_topic: bool = False
    """With a topic given it is about the topic: the class is `TARGET_GONE` then."""
    asks_source: bool = False
    """As an answer to a forward it may be about the source, which the seat reads again to find out."""
    stale: bool = False
    """What was remembered may be outdated: it is refreshed once before concluding."""
    passing: bool = False
    """It often passes by itself, so the first denial ends with its cycle."""
    unsure: bool = False
    """It also comes and goes: the session is lost only if a new connection gets such an answer too."""
    of_stranger: bool = False
    """It may be due to the account's not being a member, which may join."""


_R, _P = ResultClass, Party

LINES = (
    Line(r"FLOOD_(?:PREMIUM_)?WAIT_\d+", _R.RATE_LIMITED, _P.ACCOUNT),
    Line(r"SLOWMODE_WAIT_\d+", _R.SLOW_MODE, _P.SEAT_AT_TARGET),
    Line("PEER_FLOOD", _R.ACCOUNT_LIMITED, _P.ACCOUNT),
    Line(
        "CHANNEL_PRIVATE",
        _R.TARGET_DENIED,
        _P.SEAT_AT_TARGET,
        _P.SEAT_AT_SOURCE,
        asks_source=True,
        stale=True,
    ),
    Line("CHAT_ADMIN_REQUIRED", _R.TARGET_DENIED, _P.SEAT_AT_TARGET, _P.SEAT_AT_SOURCE, asks_source=True),
    Line(
        "CHAT_WRITE_FORBIDDEN CHAT_GUEST_SEND_FORBIDDEN USER_NOT_PARTICIPANT",
        _R.TARGET_DENIED,
        _P.SEAT_AT_TARGET,
        _P.SEAT_AT_SOURCE,
        of_stranger=True,
    ),
    Line(
        f"{BAN} CHAT_RESTRICTED CHAT_FORBIDDEN USER_RESTRICTED",
        _R.TARGET_DENIED,
        _P.SEAT_AT_TARGET,
        _P.SEAT_AT_SOURCE,
    ),
    Line(r"SLOWMODE_MULTI_MSGS_DISABLED CHAT_SEND_\w+_FORBIDDEN", _R.CONTENT_DENIED, _P.TARGET),
    Line("MESSAGE_EMPTY MESSAGE_TOO_LONG MEDIA_INVALID MEDIA_CAPTION_TOO_LONG", _R.CONTENT_DENIED, _P.SOURCE),
    Line("TOPIC_CLOSED", _R.TARGET_GONE, _P.TARGET, passing=True),
    Line(
        "TOPIC_DELETED CHANNEL_FORUM_MISSING TOPIC_ID_INVALID REPLY_MESSAGE_ID_INVALID",
        _R.TARGET_GONE,
        _P.TARGET,
    ),
    Line("CHANNEL_INVALID", _R.TARGET_GONE, _P.TARGET, _P.SEAT_AT_SOURCE, asks_source=True, stale=True),
    Line("PEER_ID_INVALID CHAT_ID_INVALID", _R.TARGET_GONE, _P.TARGET, _P.SEAT_AT_SOURCE, stale=True),
    Line(
        f"USERNAME_NOT_OCCUPIED USERNAME_INVALID INVITE_HASH_EXPIRED INVITE_HASH_INVALID {NOT_A_GROUP}",
        _R.TARGET_GONE,
        _P.TARGET,
        _P.SOURCE,
    ),
    Line(
        r"PRIVACY_PREMIUM_REQUIRED PREMIUM_ACCOUNT_REQUIRED ALLOW_PAYMENT_REQUIRED\w*",
        _R.PAYMENT_REQUIRED,
        _P.SEAT_AT_TARGET,
    ),
    Line("MSG_ID_INVALID", _R.SOURCE_BROKEN, _P.SOURCE, in_topic=True, asks_source=True, stale=True),
    Line("MESSAGE_ID_INVALID MESSAGE_IDS_EMPTY", _R.SOURCE_BROKEN, _P.SOURCE, asks_source=True, stale=True),
    Line("CHAT_FORWARDS_RESTRICTED MEDIA_EMPTY", _R.SOURCE_BROKEN, _P.SOURCE),
    Line("FROZEN_METHOD_INVALID FROZEN_PARTICIPANT_MISSING", _R.ACCOUNT_FROZEN, _P.ACCOUNT),
    Line(
        "USER_DEACTIVATED USER_DEACTIVATED_BAN PHONE_NUMBER_BANNED SESSION_REVOKED AUTH_KEY_DUPLICATED",
        _R.SESSION_LOST,
        _P.ACCOUNT,
    ),
    Line(
        "AUTH_KEY_UNREGISTERED SESSION_EXPIRED AUTH_KEY_INVALID AUTH_KEY_PERM_EMPTY "
        f"SESSION_PASSWORD_NEEDED {KEY_NOT_FOUND}",
        _R.SESSION_LOST,
        _P.ACCOUNT,
        unsure=True,
    ),
    Line("RANDOM_ID_DUPLICATE", _R.ALREADY_SENT, None),
    Line(UNREADABLE_ANSWER, _R.UNREADABLE, None),
    Line(
        r"TIMEOUT RPC_CALL_FAIL WORKER_BUSY_TOO_LONG_RETRY -503 \w+_MIGRATE_\d+ "
        f"{CONNECTION_LOST} {NO_ANSWER}",
        _R.TRANSIENT,
        None,
    ),
)
"""The errors with a known name; the first line that matches counts."""

BY_CODE = {
    303: Line("any", _R.TRANSIENT, None),
    401: Line("any", _R.SESSION_LOST, _P.ACCOUNT, unsure=True),
}
"""The meaning of other names by their code."""
SERVER_TROUBLE = 500
FORBIDDEN_CODE = 403
TROUBLE = Line("any", _R.TRANSIENT, None)

FAMILIES = (
    Line(r"FLOOD\w*", _R.RATE_LIMITED, _P.ACCOUNT),
    Line(r"TOPIC_\w+", _R.TARGET_GONE, _P.TARGET),
    Line(
        r"PEER_\w+ CHAT_\w+ CHANNEL_\w+ USER_\w+_CHANNEL",
        _R.TARGET_DENIED,
        _P.SEAT_AT_TARGET,
        _P.SEAT_AT_SOURCE,
        asks_source=True,
    ),
)
"""The meaning of still other names by their family."""
FORBIDDEN = Line("any", _R.TARGET_DENIED, _P.SEAT_AT_TARGET, _P.SEAT_AT_SOURCE)
"""The meaning of other names with the code 403."""
UNKNOWN = Line("any", _R.UNKNOWN, None)

_LINES = [(re.compile(name), line) for line in LINES for name in line.names.split()]
_FAMILIES = [(re.compile(name), line) for line in FAMILIES for name in line.names.split()]


def line_of(name: str, code: int = 0) -> Line:
    """Return the meaning of an error by its name, else by its code, else by its family."""
    known = _matching(name, _LINES)
    if known is None and abs(code) >= SERVER_TROUBLE:
        known = TROUBLE
    return (
        known
        or BY_CODE.get(code)
        or _matching(name, _FAMILIES)
        or (FORBIDDEN if code == FORBIDDEN_CODE else UNKNOWN)
    )


def _matching(name: str, lines: list[tuple[re.Pattern[str], Line]]) -> Line | None:
    return next((line for pattern, line in lines if pattern.fullmatch(name.upper())), None)
