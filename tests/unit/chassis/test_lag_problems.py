"""What is wrong with relays, readers, databases and timers, in words."""

from dataclasses import replace

from libs.chassis.operations.lag_problems import (
    database_problems,
    reader_problems,
    relay_problems,
    timer_problems,
)
from libs.eventsourcing.operations import OldestTransaction, ReaderLag, RelayLag

RELAY = RelayLag("billing", active=True, stored=7, behind=0, oldest_seconds=None)
READER = ReaderLag(
    "billing", "reactions", active=True, waiting=0, oldest_seconds=None, dead_letters=0, checkpoints={}
)


def test_what_keeps_up_has_no_problem() -> None:
    assert relay_problems(RELAY, 10) == []
    assert relay_problems(replace(RELAY, behind=3, oldest_seconds=9.0), 10) == []
    assert reader_problems(READER, 10) == []
    assert database_problems(OldestTransaction("billing", 9.0, "psql", 1), 10) == []
    assert timer_problems("billing", "due", 9.0, 10) == []


def test_each_problem_names_the_service_and_what_is_wrong() -> None:
    late = replace(READER, active=False, waiting=5, oldest_seconds=11.0, dead_letters=2)
    assert relay_problems(replace(RELAY, active=False, behind=3, oldest_seconds=11.0), 10) == [
        "billing: no relay runs",
        "billing: 3 events wait to be relayed, the oldest for 11 s",
    ]
    assert [problem.removeprefix("billing: reader reactions ") for problem in reader_problems(late, 10)] == [
        "does not run",
        "has 5 events before it",
        "has 2 dead letters; `adrelay events dead list` shows them",
    ]
    assert database_problems(OldestTransaction("billing", 11.0, "psql", 1), 10) == [
        "billing: a transaction of psql has been open for 11 s"
    ]
    assert timer_problems("billing", "due", 11.0, 10) == ["billing: the timer due is late by 11 s"]
