"""`.env` files are parsed as a shell parses them; contradictions in them are reported."""

import asyncio
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.env_file import contradictions, values_in
from adrelay.runtime.local import keep_settings

HARD = {
    "ADRELAY_GATEWAY_MAIL_FROM": "Adrelay <no-reply@ads.example.org>",
    "ADRELAY_GATEWAY_SMTP_PASSWORD": 'a$b ${HOME} `id` "q" #1 \\n',
    "ADRELAY_BILLING_API_KEY": "K3Y-1234",
}


async def shell(script: str) -> list[str]:
    """Return the lines that a shell prints for a script, errors included."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, stdout=pipe, stderr=asyncio.subprocess.STDOUT
    )
    return (await process.communicate())[0].decode().splitlines()


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    """Write a file with values that are hard to quote, in single quotes."""
    path = tmp_path / ".env"
    path.write_text("".join(f"{name}='{value}'\n" for name, value in HARD.items()))
    return path


async def test_single_quotes_are_parsed_as_a_shell_parses_them(env_file: Path) -> None:
    script = f". {env_file}; " + "; ".join(f'printf "%s\\n" "${name}"' for name in HARD)
    assert await shell(script) == list(values_in(env_file).values()) == list(HARD.values())


def test_env_prints_the_services_environment(env_file: Path) -> None:
    for name, value in HARD.items():
        result = CliRunner().invoke(app, ["env", name, "--env-file", str(env_file)])
        assert (result.exit_code, result.stdout) == (0, f"{value}\n")
    result = CliRunner().invoke(app, ["env", "ADRELAY_NOTHING", "--env-file", str(env_file)])
    assert result.exit_code == 1
    assert result.stderr == f"✗ ADRELAY_NOTHING is not set: in the environment, or in {env_file}\n"


def test_env_prints_a_secret_that_is_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    path = tmp_path / ".env"
    path.write_text(f"ADRELAY_X_FILE={tmp_path / 'secret'}\n")
    result = CliRunner().invoke(app, ["env", "ADRELAY_X", "--env-file", str(path)])
    assert (result.exit_code, result.stdout) == (0, "from a file\n")
    path.write_text(f"ADRELAY_X_FILE={tmp_path / 'gone'}\n")
    result = CliRunner().invoke(app, ["env", "ADRELAY_X", "--env-file", str(path)])
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"ADRELAY_X_FILE names {tmp_path / 'gone'}: No such file" in result.stderr


async def test_the_last_of_several_values_wins_also_after_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("A=\nB=1\nA=2\nB=3\nC=4\nC=\n")
    assert values_in(path) == {"A": "2", "B": "3", "C": "4"}
    assert await shell(f". {path}; echo $A $B") == ["2 3"]
    assert contradictions(path) == ["B"]


def test_saved_demo_settings_are_read_back_unchanged(tmp_path: Path) -> None:
    settings = {**HARD, "ADRELAY_X": "it's a \\ folder", "ADRELAY_POSTGRES_URL": "postgresql://gone"}
    keep_settings(tmp_path, settings)
    saved = tmp_path / "settings.env"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert values_in(saved) == {name: value for name, value in settings.items() if "POSTGRES" not in name}


def test_a_file_that_does_not_exist_sets_nothing(tmp_path: Path) -> None:
    assert values_in(tmp_path / "nothing") == {}
    assert contradictions(tmp_path / "nothing") == []
    assert "ADRELAY_X" not in os.environ
