"""What commands refuse before they start anything, and how they print what they have asked for."""

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.commands.adbots.pictures import print_adbot
from adrelay.commands.operations import print_operations
from adrelay.servers.gateway import problem_text

pytestmark = pytest.mark.usefixtures("folder")


def test_the_demo_does_not_write_into_a_folder_with_files(folder: Path) -> None:
    saved = folder / "saved"
    saved.mkdir()
    (saved / "of_an_earlier_run").touch()
    result = CliRunner().invoke(app, ["demo", "--keep", str(saved)])
    assert result.exit_code == 2
    assert "empty folder" in " ".join(result.stderr.split())
    assert [path.name for path in saved.iterdir()] == ["of_an_earlier_run"]


@pytest.mark.parametrize("port", ["abc", "-1", "65536", "8 0"])
def test_an_invalid_port_is_reported_under_the_variable_that_sets_it(
    port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "ADRELAY_GATEWAY_HTTP_PORT", port)
    result = CliRunner().invoke(app, ["orders", "list"])
    assert result.exit_code == 2
    assert result.stderr == "✗ ADRELAY_GATEWAY_HTTP_PORT must be a whole number from 0 to 65535\n"


def test_an_error_does_not_name_the_part_of_the_request_that_had_the_value() -> None:
    detail = "body.days: must be at least 1; path.adbot_id: must be an id; see query.html"
    assert problem_text({"code": "invalid_request", "detail": detail}) == (
        "invalid_request: days: must be at least 1; adbot_id: must be an id; see query.html"
    )


def test_help_lists_no_hidden_command() -> None:
    shown = CliRunner().invoke(app, ["accounts", "--help"]).output
    assert "code" in shown
    assert "reset-code" not in shown


def test_an_adbot_is_shown_with_its_stop_reason_and_permissions(
    capsys: pytest.CaptureFixture[str],
) -> None:
    adbot: dict[str, Any] = {
        "id": "86fbac7e-6775-5232-9791-a7484bd032a4",
        "status": "STOPPED",
        "stop_reason": "private_ids",
        "stop_detail": "-1001234567890",
        "suspend_reason": None,
        "account": "c39c7e39-11d5-5cc3-905e-86e9fcb6a8e1",
        "order_number": "HQADZ-MWPQN8B6-ZDWJ9061NKC1",
        "plan": {
            "name": "Bronze",
            "code": "bronze",
            "interval_seconds": 900,
            "max_groups": 20,
            "max_posts": None,
        },
        "seats": {"filled": 1, "awaited": 0},
        "valid_from": None,
        "valid_until": None,
        "next_cycle_at": None,
        "paused": False,
        "blocked_groups": [],
        "warning": "cycles take too long",
        "private_ids": False,
        "advertisement": {
            "posts": [
                {"kind": "link", "channel": "@channel", "message": 42},
                {"kind": "text", "text": "Two rooms,\none lake."},
            ],
            "groups": [f"@group{number}" for number in range(7)],
            "lists": ["01a22859-02ab-77ef-b952-f0097c6bd7a7"],
            "group_options": [{"group": "@group1", "paused": True, "every_seconds": None}],
            "options": {"author": False, "skip_newest": False, "delete_previous": True},
        },
        "pacing": {
            "delay_seconds": 60.0,
            "quiet_hours": {"begin": "22:00", "end": "07:00"},
            "timetable": [],
            "time_zone": "Europe/Berlin",
            "starts_at": None,
            "ends_at": "2026-05-04T12:00:00Z",
        },
    }
    print_adbot(adbot)
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "because private_ids -1001234567890" in shown
    assert "private ids not allowed" in shown
    assert "warning cycles take too long" in shown
    assert "plan Bronze (bronze), every 900 s, at most 20 groups" in shown
    assert "seats 1 filled, 0 wait for stock" in shown
    assert "posts @channel/42 Two rooms,; one lake." in shown
    assert "sent without the author in place of the previous post" in shown
    assert "groups @group0, @group1, @group2, @group3, @group4, 2 more, those of the lists" in shown
    assert "paused @group1" in shown
    paced = "60 s between sends, not from 22:00 to 07:00, times of Europe/Berlin, until 2026-05-04 12:00:00"
    assert f"paced {paced}" in shown
    assert not any(line.startswith("blocked") for line in shown)
    print_adbot(
        adbot
        | {
            "suspend_reason": "abuse",
            "seats": {"filled": 1, "awaited": 0, "unreachable": 1},
            "private_ids": True,
            "paused": True,
            "advertisement": None,
            "blocked_groups": ["@one", "@two/7"],
        }
    )
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "because abuse" in shown
    assert "seats 1 filled, 0 wait for stock, 1 can't connect" in shown
    assert "private ids allowed" in shown
    assert "post none: see `adrelay adbots advertise`" in shown
    assert {"next cycle all adbots are paused", "blocked @one, @two/7"} <= set(shown)


def test_the_latest_blocks_are_listed_and_the_rest_is_counted(capsys: pytest.CaptureFixture[str]) -> None:
    since = "2026-05-04T12:00:00Z"
    targets = [{"chat": f"@group{number}", "since": since, "reason": "asked"} for number in range(30)]
    sources = [{"chat": "@news", "since": "2026-05-05T12:00:00Z", "reason": "stolen"}]
    pause = {"since": since, "reason": "an outage"}
    print_operations({"pause": pause, "blocked_targets": targets, "blocked_sources": sources})
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert shown[0].startswith("all adbots are paused since")
    assert shown[0].endswith(": an outage")
    assert sum("asked" in line for line in shown) == 19
    assert any(line.startswith("source @news") for line in shown)
    assert shown[-1] == "and 11 more; --json lists all"
