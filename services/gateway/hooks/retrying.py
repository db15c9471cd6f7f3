"""When a message that was not taken is sent again, and when its webhook is switched off."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

GIVE_UP_AFTER = timedelta(days=1)
"""How long a message is sent again and again."""
PAUSES = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
)
"""The pause after each attempt; 22 hours in all, so that nine attempts fit into a day."""
JITTER = 0.05
"""The share by which a pause is shorter or longer, so that messages of one moment do not come back at one."""
LONGEST_RETRY_AFTER = timedelta(hours=6)
MOST_GIVEN_UP = 20
"""After so many messages in a row that were given up, a webhook is switched off."""
LONGEST_FAILING = timedelta(days=3)
"""After so long without a message that was taken, with attempts that failed, a webhook is switched off."""
_MOST_DIGITS = 7


def next_attempt(
    attempts: int, now: datetime, give_up_at: datetime, retry_after: timedelta | None, draw: float
) -> datetime | None:
    """Return when to send a message again after `attempts` that failed, None to give it up.

    `retry_after` is what the receiver asked for; `draw` is from -1 to 1.
    """
    if attempts > len(PAUSES):
        return None
    pause = PAUSES[attempts - 1] * (1 + JITTER * draw)
    if retry_after is not None:
        pause = max(pause, min(retry_after, LONGEST_RETRY_AFTER))
    at = now + pause
    return at if at <= give_up_at else None


def reason_to_switch_off(given_up: int, failing_since: datetime, now: datetime) -> str | None:
    """Return why a webhook is to be switched off, for people; None if it is not.

    `given_up` counts messages since the last one that was taken.
    """
    if given_up >= MOST_GIVEN_UP:
        return f"{given_up} messages in a row were not taken within a day each"
    if now - failing_since >= LONGEST_FAILING:
        return f"no message was taken for {LONGEST_FAILING.days} days"
    return None


def retry_after_of(header: str | None, now: datetime) -> timedelta | None:
    """Return the pause that a `Retry-After` asks for, None without a valid one."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:_MOST_DIGITS]))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(timedelta(), (at if at.tzinfo else at.replace(tzinfo=UTC)) - now)
