"""The meaning of Telegram's errors, by name: numeric codes differ between layers."""

import re

from libs.events.values import Party, ResultClass, SessionLoss
from services.forwarder.adapters.telegram.error_table import (
    CONNECTION_LOST,
    NO_ANSWER,
    UNREADABLE_ANSWER,
    Line,
    line_of,
)
from services.forwarder.ports import Meaning, MessengerError

FLOOD_SECONDS = 60
"""How long a seat pauses if Telegram asks it to, without saying for how long."""
_WAIT = re.compile(r"WAIT_(\d+)$")
_DISCONNECTING = frozenset({CONNECTION_LOST, NO_ANSWER, UNREADABLE_ANSWER})
_MIGRATION = re.compile(r"(?:USER|NETWORK|PHONE)_MIGRATE_(\d+)")
_OF_APPLICATION = frozenset({"API_ID_INVALID", "API_ID_PUBLISHED_FLOOD"})
_BANNED = frozenset({"USER_DEACTIVATED", "USER_DEACTIVATED_BAN", "PHONE_NUMBER_BANNED"})
_AT_SOURCE = frozenset({Party.SEAT_AT_SOURCE, Party.SOURCE})


class TelegramError(MessengerError):
    """Telegram refused, or did not answer; the name is Telegram's, or one of those above."""

    def __init__(self, name: str, code: int = 0) -> None:
        super().__init__(name, meaning_of(name, code))


def meaning_of(name: str, code: int = 0) -> Meaning:
    """Return the meaning of an error by its name; the code is used only for unknown names."""
    line = line_of(name, code)
    wait = wait_seconds(name)
    return Meaning(
        result=line.result,
        result_at_source=_at_source(line),
        party=line.party,
        party_at_source=line.party_at_source or line.party,
        wait_seconds=wait or (FLOOD_SECONDS if line.result is ResultClass.RATE_LIMITED else 0),
        loss=loss_of(name),
        disconnects=name in _DISCONNECTING or data_centre(name) is not None,
        of_application=name in _OF_APPLICATION,
        in_topic=line.in_topic,
        asks_source=line.asks_source,
        stale=line.stale,
        passing=line.passing,
        unsure=line.unsure,
        of_stranger=line.of_stranger,
    )


def classify(name: str, code: int = 0) -> ResultClass:
    """Return the class of an error by name; the code is used only for unknown names."""
    return line_of(name, code).result


def classify_source(name: str, code: int = 0) -> ResultClass:
    """Return the class of an error about the post, not about a group."""
    return _at_source(line_of(name, code))


def _at_source(line: Line) -> ResultClass:
    return ResultClass.SOURCE_BROKEN if line.party_at_source in _AT_SOURCE else line.result


def data_centre(name: str) -> int | None:
    """Return the number of the data centre that an error sends the session to."""
    found = _MIGRATION.fullmatch(name)
    return int(found.group(1)) if found else None


def wait_seconds(name: str) -> int:
    """Return the wait that an error asks for in seconds, at least 1; 0 if it asks for none."""
    found = _WAIT.search(name)
    return max(1, int(found.group(1))) if found else 0


def loss_of(name: str) -> SessionLoss:
    """Return the loss of a session by this error."""
    if classify(name) is ResultClass.ACCOUNT_FROZEN:
        return SessionLoss.FROZEN
    return SessionLoss.BANNED if name in _BANNED else SessionLoss.RETIRED
