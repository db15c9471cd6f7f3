"""Time zones by their names."""

from zoneinfo import ZoneInfo


def zone_of(name: str) -> ZoneInfo | None:
    """Return the time zone of this name in the IANA database, None if there is none."""
    if name in {"localtime", "Factory", "posixrules"} or name.startswith(("posix/", "right/")):
        return None  # not of the IANA database: they depend on the machine
    try:
        return ZoneInfo(name)
    except (LookupError, OSError, ValueError):
        return None
