"""What commands validate before they start anything."""

import os
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.commands.adbots.pictures import print_adbot
from adrelay.commands.operations import print_operations
from adrelay.configuration import fresh_secrets, problems
from adrelay.runtime.local import keep_settings
from adrelay.servers.gateway import problem_text
from adrelay.servers.options import ServerOptions

REQUIRED = {
    "ADRELAY_BILLING_API_KEY",
    "ADRELAY_BILLING_IPN_SECRET",
    "ADRELAY_BILLING_IPN_CALLBACK_URL",
    "ADRELAY_FORWARDER_VAULT_KEYS",
    "ADRELAY_GATEWAY_JWT_SECRET",
    "ADRELAY_GATEWAY_ADMIN_TOKEN",
    "ADRELAY_GATEWAY_CODE_PEPPER",
}
SERVERS = {"ADRELAY_POSTGRES_URL": "postgresql://db.example", "ADRELAY_NATS_URL": "nats://broker.example"}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Work in an empty folder with an environment without settings."""
    for name in [name for name in os.environ if name.startswith("ADRELAY_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(os, "environ", dict(os.environ))  # removes the variables that a test's .env file adds
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listed() -> tuple[int, list[str]]:
    """Return the exit code and the lines that name a setting."""
    result = CliRunner().invoke(app, ["up"], catch_exceptions=False)
    lines = [line.strip().removeprefix("✗ ") for line in result.stderr.splitlines() if "✗" in line]
    return result.exit_code, lines


def test_all_missing_settings_are_listed_and_nothing_is_started(folder: Path) -> None:
    code, lines = listed()
    assert code == 2
    assert sorted(line.split()[0] for line in lines) == sorted(REQUIRED)
    assert all(" is missing (" in line for line in lines)
    assert list(folder.iterdir()) == []


def test_the_example_file_lacks_only_required_settings(folder: Path) -> None:
    example = Path(__file__).parents[3] / ".env.example"
    (folder / ".env").write_text(example.read_text())
    code, lines = listed()
    assert code == 2
    assert {line.split()[0] for line in lines} == REQUIRED


def test_a_weak_secret_is_listed_without_its_value(folder: Path) -> None:
    (folder / ".env").write_text("ADRELAY_GATEWAY_JWT_SECRET=hunter2\nADRELAY_BILLING_IPN_SECRET=hunter2\n")
    code, lines = listed()
    assert code == 2
    weak = {line.split()[0] for line in lines if "too short" in line}
    assert weak == {"ADRELAY_GATEWAY_JWT_SECRET", "ADRELAY_BILLING_IPN_SECRET"}
    assert "hunter2" not in "".join(lines)


def test_generated_secrets_are_strong_and_never_the_same() -> None:
    first, second = (CliRunner().invoke(app, ["keygen"]).stdout.splitlines() for _ in range(2))
    assert not set(first) & set(second)
    printed = dict(line.split("=", 1) for line in first)
    assert set(printed) == set(fresh_secrets())
    missing = {problem.split()[0] for problem in problems({**SERVERS, **printed})}
    assert missing == REQUIRED - set(printed)


def test_the_demo_does_not_write_into_a_folder_with_files(folder: Path) -> None:
    saved = folder / "saved"
    saved.mkdir()
    (saved / "of_an_earlier_run").touch()
    result = CliRunner().invoke(app, ["demo", "--keep", str(saved)])
    assert result.exit_code == 2
    assert "empty folder" in " ".join(result.stderr.split())
    assert [path.name for path in saved.iterdir()] == ["of_an_earlier_run"]


def warnings(*arguments: str) -> list[str]:
    """Return the warnings of `up`, one per line."""
    result = CliRunner().invoke(app, ["up", *arguments], catch_exceptions=False)
    return [line.removeprefix("! ") for line in result.stderr.splitlines() if line.startswith("! ")]


def test_up_warns_of_a_secrets_file_that_others_can_read(folder: Path) -> None:
    env_file = folder / ".env"
    env_file.write_text("ADRELAY_GATEWAY_JWT_SECRET=hunter2\n")
    env_file.chmod(0o640)
    assert warnings() == [".env can be read by others, and holds secrets: chmod 600 .env"]
    env_file.chmod(0o600)
    assert warnings() == []


def test_up_warns_of_a_setting_with_several_values_without_showing_them(folder: Path) -> None:
    env_file = folder / ".env"
    env_file.write_text("ADRELAY_GATEWAY_JWT_SECRET=\nADRELAY_X=1\nADRELAY_X=hunter2\n")
    env_file.chmod(0o600)
    assert warnings() == [".env sets ADRELAY_X to several values; the last one counts"]


def test_up_warns_of_a_folder_that_others_can_list(folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    data.chmod(0o755)
    assert warnings("--folder", "data") == ["data can be looked into by others: chmod go-rw data"]
    data.chmod(0o711)  # as root, PostgreSQL's own account needs to pass through
    assert warnings("--folder", "data") == []


def test_a_named_settings_file_that_does_not_exist_is_an_error() -> None:
    result = CliRunner().invoke(app, ["up", "--env-file", "nothing.env"])
    assert result.exit_code == 2
    assert result.stderr == "✗ --env-file: there is no file nothing.env\n"


def test_tools_use_the_servers_of_the_local_up_unless_settings_name_others(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for server, port in (("postgres", "5001"), ("nats", "4001")):
        (folder / ".adrelay" / server).mkdir(parents=True)
        (folder / ".adrelay" / server / "port").write_text(port)
        (folder / ".adrelay" / server / "password").write_text("pw")
    assert ServerOptions(None).databases(["billing"]) == {
        "billing": "postgresql://adrelay:pw@127.0.0.1:5001/adrelay_billing"
    }
    assert ServerOptions(None).broker().url == "nats://adrelay:pw@127.0.0.1:4001"
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", SERVERS["ADRELAY_POSTGRES_URL"])
    assert ServerOptions(None).databases(["billing"]) == {
        "billing": "postgresql://db.example/adrelay_billing"
    }
    assert ServerOptions(None).broker().url == "nats://adrelay:pw@127.0.0.1:4001"
    monkeypatch.setenv("ADRELAY_NATS_URL", SERVERS["ADRELAY_NATS_URL"])
    assert ServerOptions(None).broker().url == SERVERS["ADRELAY_NATS_URL"]


def test_a_saved_demo_uses_only_its_saved_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = fresh_secrets() | {
        "ADRELAY_BILLING_API_KEY": "saved-1234567890",
        "ADRELAY_BILLING_IPN_SECRET": "kV8-a-kept-secret-2468",
        "ADRELAY_BILLING_IPN_CALLBACK_URL": "http://127.0.0.1:1/",
    }
    (folder / "saved").mkdir()
    keep_settings(folder / "saved", saved)
    for name in ("BILLING_POSTGRES_URL", "BILLING_NATS_URL", "NATS_URL", "NATS_PREFIX", "GATEWAY_SMTP_HOST"):
        monkeypatch.setitem(os.environ, f"ADRELAY_{name}", "nats://production.example")
    monkeypatch.setitem(os.environ, "adrelay_billing_nats_url", "nats://production.example")
    (folder / ".env").write_text("ADRELAY_NATS_PREFIX=production\n")
    problem_text: dict[str, str] = {}

    async def run(*_: object) -> None:
        problem_text.update(os.environ)

    monkeypatch.setattr("adrelay.commands.up.running._run", run)
    result = CliRunner().invoke(app, ["up", "--folder", "saved"])
    assert result.exit_code == 0, result.stderr
    assert {
        name: value for name, value in problem_text.items() if name.upper().startswith("ADRELAY_")
    } == saved


@pytest.mark.parametrize(("saved", "prefix"), [(None, "production"), ("", ""), ("demo", "demo")])
def test_a_saved_demo_uses_the_stream_name_of_its_own_settings(
    folder: Path, saved: str | None, prefix: str
) -> None:
    (folder / "saved/nats").mkdir(parents=True)
    (folder / "saved/nats/port").write_text("4001")
    (folder / "saved/nats/password").write_text("pw")
    (folder / ".env").write_text("ADRELAY_NATS_PREFIX=production\n")
    if saved is not None:
        keep_settings(folder / "saved", {"ADRELAY_NATS_PREFIX": saved})
    assert ServerOptions(folder / "saved").broker().prefix == prefix


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


def test_a_misspelt_setting_is_reported_at_the_start(folder: Path) -> None:
    (folder / ".env").write_text("ADRELAY_BILING_API_KEY=0123456789\nADRELAY_FOO=1\n")
    _, lines = listed()
    named = [line for line in lines if "API_KEY" in line]
    assert named[0].startswith("ADRELAY_BILLING_API_KEY is missing")
    assert named[1] == "ADRELAY_BILING_API_KEY is no setting; did you mean ADRELAY_BILLING_API_KEY?"
    assert lines.count("ADRELAY_FOO is no setting") == 1
