"""Results of sends as text: counts, and the last failure."""

from adrelay.terminal.listing import Item


def counted(counts: dict[str, int]) -> str:
    """Return counts by name as text: `3 SLOW_MODE, 1 UNKNOWN`."""
    return ", ".join(f"{count} {name}" for name, count in counts.items() if count)


def failure(failed: Item | None) -> str:
    """Return a failure as text: whom it is about, Telegram's error, and where."""
    if failed is None:
        return ""
    error = failed["error"] or failed["result"]
    where = [f"({failed['about']})"] if failed["about"] else []
    return " ".join([error, *where])
