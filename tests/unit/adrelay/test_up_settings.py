"""The settings that `adrelay up` checks before it starts anything, and what it warns of."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.commands.up import start_helper_process
from adrelay.commands.up.start_helper import Run
from adrelay.configuration import (
    fresh_secrets,
)
from adrelay.runtime.local import keep_settings
from adrelay.system import SERVICES
from tests.unit.adrelay.settings import OUTSIDE, REQUIRED, SERVERS

pytestmark = pytest.mark.usefixtures("folder")


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


def test_a_misspelt_setting_is_reported_at_the_start(folder: Path) -> None:
    (folder / ".env").write_text("ADRELAY_BILING_API_KEY=0123456789\nADRELAY_FOO=1\n")
    _, lines = listed()
    named = [line for line in lines if "API_KEY" in line]
    assert named[0].startswith("ADRELAY_BILLING_API_KEY is missing")
    assert named[1] == "ADRELAY_BILING_API_KEY is no setting; did you mean ADRELAY_BILLING_API_KEY?"
    assert lines.count("ADRELAY_FOO is no setting") == 1


def test_services_of_one_process_have_no_workers() -> None:
    result = CliRunner().invoke(app, ["up", "--together", "--workers", "3"])
    assert result.exit_code == 2
    assert "with --together there are no workers" in " ".join(result.stderr.split())


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


@pytest.mark.parametrize(
    ("own", "sharing"),
    [
        ([], list(SERVICES)),
        (["billing", "gateway"], ["provisioning", "scheduler", "forwarder"]),
        (SERVICES, []),
    ],
)
def test_up_warns_of_services_that_share_a_user_of_postgresql(
    folder: Path, own: list[str], sharing: list[str]
) -> None:
    urls = {f"ADRELAY_{name.upper()}_POSTGRES_URL": f"postgresql://{name}@db.example" for name in own}
    settings = fresh_secrets() | OUTSIDE | SERVERS | urls
    (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    (folder / ".env").chmod(0o600)

    remarks = start_helper_process.check(Run(folder / "run", None)).remarks
    found = [one for one in remarks if "share the PostgreSQL user of ADRELAY_POSTGRES_URL" in one]
    assert len(found) == bool(sharing)
    assert all(f" {', '.join(sharing)} share" in one for one in found)


def test_up_warns_of_postgresql_on_another_machine_without_tls(folder: Path) -> None:
    urls = {
        "ADRELAY_BILLING_POSTGRES_URL": "postgresql://b:hunter2@127.0.0.1",
        "ADRELAY_GATEWAY_POSTGRES_URL": "postgresql://g:hunter2@db.example?sslmode=require",
        "ADRELAY_FORWARDER_POSTGRES_URL": "postgresql://f:hunter2@own.example",
    }
    settings = fresh_secrets() | OUTSIDE | SERVERS | urls
    (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    (folder / ".env").chmod(0o600)
    checked = start_helper_process.check(Run(folder / "run", None))
    assert checked.valid
    found = [one for one in checked.remarks if "what is exchanged with PostgreSQL on" in one]
    assert [one.partition("PostgreSQL on ")[2].split()[0] for one in found] == ["db.example", "own.example"]
    assert "(ADRELAY_POSTGRES_URL)" in found[0]
    assert "(ADRELAY_FORWARDER_POSTGRES_URL)" in found[1]
    assert "hunter2" not in str(checked.remarks)


@pytest.mark.parametrize(
    ("url", "more", "warned"),
    [
        ("nats://u:hunter2@broker.example:4222", {}, True),
        ("ws://u:hunter2@broker.example", {}, True),
        ("nats://u:hunter2@127.0.0.1", {}, False),
        ("tls://u:hunter2@broker.example", {}, False),
        ("nats://u:hunter2@broker.example", {"ADRELAY_NATS_CA_FILE": "ca.pem"}, False),
    ],
)
def test_up_warns_of_nats_on_another_machine_without_tls(
    folder: Path, url: str, more: dict[str, str], *, warned: bool
) -> None:
    (folder / "ca.pem").touch()
    settings = fresh_secrets() | OUTSIDE | SERVERS | {"ADRELAY_NATS_URL": url} | more
    (folder / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    (folder / ".env").chmod(0o600)
    remarks = start_helper_process.check(Run(folder / "run", None)).remarks
    found = [one for one in remarks if "on the way to NATS on broker.example" in one]
    assert len(found) == warned
    assert all("(ADRELAY_NATS_URL)" in one for one in found)
    assert "hunter2" not in str(remarks)


def test_up_warns_of_a_superusers_url_among_the_settings(folder: Path) -> None:
    env_file = folder / ".env"
    env_file.write_text("ADRELAY_SUPERUSER_POSTGRES_URL=postgresql://postgres:hunter2@127.0.0.1\n")
    env_file.chmod(0o600)
    [warning] = warnings()
    assert warning.startswith(".env sets ADRELAY_SUPERUSER_POSTGRES_URL, which no service needs")
    env_file.write_text("ADRELAY_SUPERUSER_POSTGRES_URL_FILE=superuser.url\n")
    assert warnings() == []


def test_a_named_settings_file_that_does_not_exist_is_an_error() -> None:
    result = CliRunner().invoke(app, ["up", "--env-file", "nothing.env"])
    assert result.exit_code == 2
    assert result.stderr == "✗ --env-file: there is no file nothing.env\n"


def test_a_saved_demo_uses_only_its_saved_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved = fresh_secrets() | {
        "ADRELAY_BILLING_API_KEY": "saved-1234567890",
        "ADRELAY_BILLING_IPN_SECRET": "kV8-a-kept-secret-2468",
        "ADRELAY_BILLING_IPN_CALLBACK_URL": "http://127.0.0.1:1/",
    }
    (folder / "saved").mkdir()
    servers = {
        f"ADRELAY_{name}{server}_URL": "of its own servers"
        for name in ("", "BILLING_")
        for server in ("NATS", "POSTGRES")
    }
    keep_settings(folder / "saved", saved | servers)
    for name in ("BILLING_POSTGRES_URL", "BILLING_NATS_URL", "NATS_URL", "NATS_PREFIX", "GATEWAY_SMTP_HOST"):
        monkeypatch.setitem(os.environ, f"ADRELAY_{name}", "nats://production.example")
    monkeypatch.setitem(os.environ, "adrelay_billing_nats_url", "nats://production.example")
    (folder / ".env").write_text("ADRELAY_NATS_PREFIX=production\n")
    found = start_helper_process.settings(Run(folder / "saved", None), {}, [[name] for name in SERVICES])
    assert {name: value for own in found for name, value in own.items()} == saved
