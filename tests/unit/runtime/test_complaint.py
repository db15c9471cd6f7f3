"""Finding the line with the cause in a process's last output."""

import json
import os
from pathlib import Path

import pytest

from adrelay.runtime.complaint import complaint
from adrelay.runtime.folder import LogFile

TRACEBACK = """\
Traceback (most recent call last):
  File "/app/libs/chassis/health.py", line 94, in startup
    await super().startup(sockets)
          ^^^^^^^^^^^^^^^^^^^^^^^^
SystemExit: 1

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/libs/chassis/main.py", line 41, in main
    raise OSError(message) from None
OSError: port 8080 of 127.0.0.1 can't be listened on"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/app/run.py", line 3, in <module>
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/app/run.py", line 9, in work
    |     raise ValueError(text)
    | ValueError: no such plan
    +------------------------------------"""


def entry(event: str, level: str = "info", **fields: object) -> str:
    return json.dumps({"event": event, "level": level, **fields})


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        pytest.param(
            [
                entry("reader.started"),
                entry("service.failed", "error", error="OSError", exception=TRACEBACK),
                entry("Unclosed connection", "error"),
                "sys:1: ResourceWarning: unclosed socket",
            ],
            "OSError: port 8080 of 127.0.0.1 can't be listened on",
            id="what a service ended with, and not what it said while ending",
        ),
        pytest.param(
            [entry("service.refused", "error", problem="the database holds other tables"), entry("stopped")],
            "service.refused: the database holds other tables",
            id="a refusal, which has no exception",
        ),
        pytest.param(
            ["starting", *TRACEBACK.splitlines(), "Exception ignored in: <socket>", "done"],
            "OSError: port 8080 of 127.0.0.1 can't be listened on",
            id="the last exception of a plain traceback",
        ),
        pytest.param(GROUP.splitlines(), "ValueError: no such plan", id="the inner one of a group"),
        pytest.param(
            [entry("mail.not_taken", "error", error="refused"), entry("reader.started")],
            "mail.not_taken: refused",
            id="a grave entry, where nothing says that it ended",
        ),
        pytest.param(
            ["FATAL: could not map memory", "shutting down"], "FATAL: could not map memory", id="PostgreSQL's"
        ),
        pytest.param(["one more try", "no secret is set"], "no secret is set", id="or else the last line"),
        pytest.param(["", " "], "it said nothing", id="or nothing"),
        pytest.param(['{"event"', "[1, 2]", "{}"], "{}", id="lines that only look structured"),
    ],
)
def test_the_line_with_the_cause_is_found(lines: list[str], expected: str) -> None:
    assert complaint(lines) == expected


def test_only_the_end_of_a_long_log_is_searched(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    descriptor = log.open()
    with os.fdopen(descriptor, "w") as file:
        file.write("FATAL: long ago\n" + "all is well\n" * 30_000)
    assert log.complaint() == "all is well"
