"""Quiet hours and timetables as people write them in a command."""

from collections.abc import Sequence

from adrelay.terminal.outcome import Unusable

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORTEST = 3
"""How many letters of a day are enough."""


def quiet_hours(text: str | None) -> dict[str, str] | None:
    """Return the quiet hours of `22:00-07:00`; raise `Unusable` for another form."""
    if text is None:
        return None
    begin, dash, end = text.partition("-")
    if not dash:
        raise Unusable(f"{text!r} are no quiet hours; write them like 22:00-07:00")
    return {"begin": begin.strip(), "end": end.strip()}


def timetable(texts: Sequence[str] | None) -> list[dict[str, list[str]]] | None:
    """Return the entries of `mon,tue/09:30,18:00` and the like; raise `Unusable` for another form."""
    return [_entry(text) for text in texts] if texts else None


def _entry(text: str) -> dict[str, list[str]]:
    days, slash, times = text.partition("/")
    if not slash:
        raise Unusable(f"{text!r} is no entry of a timetable; write it like mon,tue/09:30,18:00")
    return {"days": _days(days.strip().lower()), "times": [time.strip() for time in times.split(",")]}


def _days(text: str) -> list[str]:
    if text == "daily":
        return [*_DAYS]
    named = [part.strip() for part in text.split(",")]
    found = [day for part in named for day in _DAYS if len(part) >= _SHORTEST and day.startswith(part)]
    if len(found) < len(named):
        raise Unusable(f"{text!r} names no days; write them like mon,tue or daily")
    return found
