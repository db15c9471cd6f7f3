"""Times and durations in the formats of people."""

import re
from datetime import UTC, datetime, timedelta

from adrelay.terminal.outcome import Unusable
from libs.eventsourcing.values import utc_now

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_AGO = re.compile(r"(\d{1,9}(?:\.\d+)?)([smhd])\Z")
_SECOND, _MINUTE, _HOUR, _DAY = 1, 60, 3600, 86400


def past_moment(text: str) -> datetime:
    """Return the instant of a text: ISO 8601 (UTC by default), or `10m` ago.

    Raises `Unusable` for anything else, and for the future.
    """
    now = utc_now()
    try:
        ago = _AGO.match(text)
        if ago is not None:
            return now - timedelta(seconds=float(ago[1]) * _UNITS[ago[2]])
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unusable(
            f"{text!r} is no time; write it like 2026-05-01T12:00:00 (UTC), or 30s, 10m, 2h, 1d ago"
        ) from None
    if moment > now:
        raise Unusable(f"{clock(moment)} is in the future; it is {clock(now)} now")
    return moment


def instant(text: str | None) -> str | None:
    """Return a time that people wrote as the gateway reads it; raise `Unusable` as `past_moment` does."""
    return None if text is None else past_moment(text).isoformat()


def moment(at: str) -> str:
    """Return an instant of an answer in UTC, to the second."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def age(since: str) -> str:
    """Return how long ago an instant of an answer was."""
    return duration((utc_now() - datetime.fromisoformat(since)).total_seconds())


def clock(moment: datetime) -> str:
    """Return an instant in UTC, as in tables."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def duration(seconds: float) -> str:
    """Return a duration in its largest one or two units."""
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    if seconds < _SECOND:
        return f"{sign}{seconds * 1000:.0f} ms"
    if seconds < _MINUTE:
        return f"{sign}{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{sign}{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{sign}{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{sign}{whole // _DAY} d {whole % _DAY // _HOUR} h"
