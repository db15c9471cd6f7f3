"""Health, dead letters and tables as text."""

from typing import Any

from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.outcome import screen


def print_health(found: dict[str, Any]) -> None:
    """Print a line for each service, the broker, what waits, and what is wrong."""
    print_list(found["services"], _SERVICES)
    broker = found["broker"]
    console = screen()
    if broker is None:
        console.say("the broker does not answer")
    else:
        held = f"{broker['messages']} events, {broker['consumers']} consumers"
        console.say(f"broker {broker['version']}: {held}")
    for queue in found["queues"]:
        waiting = "not known" if queue["waiting"] is None else str(queue["waiting"])
        console.say(f"{queue['queue']} that wait: {waiting}")
    for service in found["services"]:
        for problem in service["problems"]:
            console.say(f"! {problem}")


def not_well(found: dict[str, Any]) -> bool:
    """Return whether a service or the broker needs a look."""
    return found["broker"] is None or any(service["state"] != "WELL" for service in found["services"])


def print_blocked_streams(found: dict[str, Any]) -> None:
    """Print each blocked stream with the event that failed."""
    print_list(found["streams"], _STREAMS, "no dead letters")
    for service in found["more_in"]:
        screen().say(f"{service} has more of them")
    _print_unanswered(found)


def any_blocked(found: dict[str, Any]) -> bool:
    """Return whether a stream is blocked, or a service can't say so."""
    return bool(found["streams"] or found["unanswered"])


def print_letters(found: dict[str, Any]) -> None:
    """Print dead letters with their errors and contents."""
    import json

    console = screen()
    for letter in found["letters"]:
        console.say(f"{letter['type']} v{letter['version']}  {letter['id']}")
        console.say(f"    {letter['error']}")
        console.say(f"    {json.dumps(letter['data'], ensure_ascii=False)}")
    if found["more"]:
        console.say("and more behind them")


def print_retried(found: dict[str, Any]) -> None:
    """Print of how many streams a retry was requested."""
    screen().say(f"a retry of {found['streams']} streams was requested; their readers do it when they run")
    _print_unanswered(found)


def print_dropped(found: dict[str, Any]) -> None:
    """Print how many dead letters were dropped."""
    screen().say(f"{found['letters']} dropped; a retry of what follows was requested")


def print_tables(found: dict[str, Any]) -> None:
    """Print a line for each table, and one for each rebuild."""
    lines: list[Item] = [
        {**table, "service": service["service"]}
        for service in found["services"]
        for table in service["tables"]
    ]
    print_list(lines, _TABLES, "no service answers")
    for service in found["services"]:
        for rebuild in service["rebuilds"]:
            screen().say(f"{service['service']} {_rebuild(rebuild)}")
    _print_unanswered(found)


def print_plan(found: dict[str, Any]) -> None:
    """Print what a rebuild would do."""
    console = screen()
    what = f"{found['table']} of {found['service']}, version {found['version']}"
    console.say(f"{what}: {found['events']} events are read")
    if found["begun_at"] is not None:
        console.say(f"an unfinished rebuild has folded {found['folded']} events; this one resumes it")
    if found["running"] is not None:
        console.say(f"version {found['running']} runs on meanwhile, and is archived at the end")


def print_rebuild(found: dict[str, Any]) -> None:
    """Print the state of a rebuild."""
    screen().say(_rebuild(found))


def _rebuild(rebuild: Item) -> str:
    error = f": {rebuild['error']}" if rebuild["error"] else ""
    return f"{rebuild['table']}: {rebuild['state']}, {rebuild['passed']} of {rebuild['events']} events{error}"


def _print_unanswered(found: dict[str, Any]) -> None:
    for service in found["unanswered"]:
        screen().say(f"! {service} does not answer")


def _oldest(service: Item) -> str:
    oldest = max((float(reader["oldest_seconds"] or 0) for reader in service["readers"]), default=0.0)
    return f"{oldest:.0f} s" if oldest else ""


def _latest(service: Item) -> str:
    late = max((float(timer["late_seconds"]) for timer in service["timers"]), default=0.0)
    return f"{late:.0f} s" if late >= 1 else ""


def _dead(service: Item) -> int:
    return sum(int(reader["dead_letters"]) for reader in service["readers"])


def _of_relay(service: Item) -> int:
    return 0 if service["relay"] is None else int(service["relay"]["behind"])


_SERVICES = (
    Column("service", "service"),
    Column("is", "state"),
    Column("processes", lambda service: len(service["processes"]), Form.COUNT),
    Column("not relayed", _of_relay, Form.COUNT),
    Column("not read", lambda service: sum(one["waiting"] for one in service["readers"]), Form.COUNT),
    Column("oldest", _oldest),
    Column("timers late", _latest),
    Column("dead letters", _dead, Form.COUNT),
)
_STREAMS = (
    Column("service", "service"),
    Column("reader", "reader"),
    Column("source", "source"),
    Column("stream", "stream"),
    Column("event", lambda stream: stream["first"]["type"]),
    Column("failed", lambda stream: stream["first"]["failed_at"], Form.MOMENT),
    Column("letters", "letters", Form.COUNT),
    Column("error", lambda stream: stream["first"]["error"]),
)
_TABLES = (
    Column("service", "service"),
    Column("table", "name"),
    Column("kind", "kind"),
    Column("version", "version", Form.COUNT),
    Column("rows", "rows", Form.COUNT),
    Column("kB", lambda table: table["bytes"] // 1024, Form.COUNT),
)
