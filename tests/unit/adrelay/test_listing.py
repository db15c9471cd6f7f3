"""Lists are rendered in one way, on terminals and in pipes."""

import json
import re
from typing import Any

import pytest
from rich.text import Text

from adrelay.commands.adbots.managing import ADBOTS
from adrelay.terminal.listing import Column, Form, print_list
from adrelay.terminal.outcome import Failure, guarded, print_json, screen
from adrelay.terminal.states import state

ID = "5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"
COLUMNS = (
    Column("adbot", "id"),
    Column("is", "status", Form.STATE),
    Column("sent", "sent", Form.COUNT),
    Column("left", lambda item: 10 - item["sent"], Form.AMOUNT),
    Column("next", "times.next", Form.MOMENT),
    Column("denials", "denials"),
)
RUNNING: dict[str, Any] = {
    "id": ID,
    "status": "RUNNING",
    "sent": 7,
    "times": {"next": "2026-05-01T14:00:00+02:00"},
    "denials": ["by one", "by another"],
}
STOPPED: dict[str, Any] = {"id": ID, "status": "STOPPED", "sent": 0, "times": {"next": None}, "denials": []}
HOSTILE = "\x1b]0;owned\x07\x9b31m\u202e evil\nline"


def test_columns_are_aligned_and_several_values_are_below_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_list([RUNNING, STOPPED], COLUMNS)
    assert capsys.readouterr().out.splitlines() == [
        f"adbot{' ' * 31}  is       sent  left  next                 denials",
        f"{ID}  RUNNING     7     3  2026-05-01 12:00:00  by one",
        f"{' ' * 80}by another",
        f"{ID}  STOPPED          10",
    ]


def test_a_column_without_a_value_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    print_list([STOPPED], COLUMNS)
    head = capsys.readouterr().out.splitlines()[0]
    assert head.split() == ["adbot", "is", "left"]


def test_an_empty_list_says_what_there_would_be(capsys: pytest.CaptureFixture[str]) -> None:
    print_list([], COLUMNS, "no adbot: see `adrelay orders list`")
    assert capsys.readouterr().out == "no adbot: see `adrelay orders list`\n"


def test_states_are_coloured_on_a_terminal_only_and_not_with_no_color(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    print_list([RUNNING], COLUMNS)
    assert "\x1b" not in capsys.readouterr().out
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_list([RUNNING], COLUMNS)
    assert "\x1b[32mRUNNING\x1b[0m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    print_list([RUNNING], COLUMNS)
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", capsys.readouterr().out)


def test_a_state_of_any_spelling_has_its_colour() -> None:
    assert {state(name).style for name in ("left out", "left_out", "LEFT_OUT")} == {"yellow"}
    assert state("SUSPENDED").style == "red"
    assert not state("of a later version").style


@pytest.mark.parametrize("columns", [40, 80])
def test_an_id_is_whole_on_a_narrow_terminal(
    columns: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", str(columns))
    print_list([RUNNING], COLUMNS)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out).splitlines()
    assert any(ID in line for line in lines)
    assert max(map(len, lines)) <= columns


def test_what_others_wrote_does_not_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def refuse() -> None:
        raise Failure(f"unknown_group: {HOSTILE}")

    print_list([{"id": HOSTILE, "status": HOSTILE}], COLUMNS[:2])
    screen().say(HOSTILE)
    screen().items(HOSTILE, Text(HOSTILE, "bold"))
    assert guarded(refuse) == 2
    printed = capsys.readouterr()
    for line in [*printed.out.splitlines(), *printed.err.splitlines()]:
        assert line.isprintable(), line
    assert len(printed.out.splitlines()) == 4, "no line is begun"
    assert len(printed.err.splitlines()) == 1


def test_json_is_the_same_document_without_characters_that_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    document = {"name": HOSTILE, "city": "Zürich", "sign": "😀"}
    print_json(document)
    out = capsys.readouterr().out
    assert json.loads(out) == document
    assert out.removesuffix("\n").isprintable()
    assert "Zürich" in out


def test_what_to_do_is_told_at_a_terminal_only(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refused(Failure):
        @property
        def advice(self) -> str:
            return "Order one."

    def refuse() -> None:
        raise Refused("unknown_adbot: there is no such adbot")

    guarded(refuse)
    assert capsys.readouterr().err == "✗ unknown_adbot: there is no such adbot\n"
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    guarded(refuse)
    err = capsys.readouterr().err
    assert "Order one." in err
    assert "\x1b[31m" in err
    monkeypatch.setenv("NO_COLOR", "1")
    guarded(refuse)
    assert "\x1b[31m" not in capsys.readouterr().err


def test_the_columns_of_adbots_say_why_one_does_not_run(capsys: pytest.CaptureFixture[str]) -> None:
    adbot = {
        "id": ID,
        "status": "STOPPED",
        "plan": {"code": "bronze"},
        "seats": {"filled": 2, "awaited": 1},
        "advertisement": None,
        "next_cycle_at": None,
        "valid_until": None,
        "suspend_reason": None,
        "stop_reason": "no_groups",
        "warning": None,
        "order_number": "HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
        "account": ID,
    }
    print_list([adbot], ADBOTS)
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[:5] == [ID, "STOPPED", "bronze", "2/3", "no_groups"]
