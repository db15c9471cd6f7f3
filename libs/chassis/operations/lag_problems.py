"""What is wrong with relays, readers and databases, in words."""

from libs.eventsourcing.operations import OldestTransaction, ReaderLag, RelayLag

AHEAD = "the stream holds events that the store does not have"


def relay_problems(relay: RelayLag, allowed_seconds: float) -> list[str]:
    """Return the problems of a relay, a line each."""
    found = [f"{relay.service}: {AHEAD}"] if relay.ahead else []
    if not relay.active:
        found.append(f"{relay.service}: no relay runs")
    if relay.oldest_seconds is not None and relay.oldest_seconds > allowed_seconds:
        oldest = f"the oldest for {relay.oldest_seconds:.0f} s"
        found.append(f"{relay.service}: {relay.behind} events wait to be relayed, {oldest}")
    if relay.stalled is not None and relay.stalled.seconds > allowed_seconds:
        since = relay.stalled.since.isoformat(timespec="seconds")
        found.append(f"{relay.service}: its relay has not got through since {since}: {relay.stalled.error}")
    return found


def reader_problems(reader: ReaderLag, allowed_seconds: float) -> list[str]:
    """Return the problems of a reader, a line each."""
    found: list[str] = []
    who = f"{reader.service}: reader {reader.name}"
    if not reader.active:
        found.append(f"{who} does not run")
    if reader.oldest_seconds is not None and reader.oldest_seconds > allowed_seconds:
        found.append(f"{who} has {reader.waiting} events before it")
    if reader.dead_letters:
        found.append(f"{who} has {reader.dead_letters} dead letters; `adrelay events dead list` shows them")
    return found


def database_problems(database: OldestTransaction, allowed_seconds: float) -> list[str]:
    """Return the problems of a database, a line each."""
    seconds = database.open_seconds
    if seconds is None or seconds <= allowed_seconds:
        return []
    return [f"{database.service}: a transaction of {database.holder} has been open for {seconds:.0f} s"]


def timer_problems(service: str, timer: str, late_seconds: float, allowed_seconds: float) -> list[str]:
    """Return the problems of a timer, a line each."""
    if late_seconds <= allowed_seconds:
        return []
    return [f"{service}: the timer {timer} is late by {late_seconds:.0f} s"]
