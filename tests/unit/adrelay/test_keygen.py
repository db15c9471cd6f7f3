"""The secrets that `adrelay keygen` prints, and the public key of the vault."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrelay.cli import app
from adrelay.configuration import (
    VAULT_PUBLIC_KEY,
    fresh_passwords,
    fresh_secrets,
    problems,
    public_key_settings,
)
from tests.unit.adrelay.settings import OUTSIDE, REQUIRED, SERVERS

pytestmark = pytest.mark.usefixtures("folder")


def test_generated_secrets_are_strong_and_never_the_same() -> None:
    first, second = (CliRunner().invoke(app, ["keygen"]).stdout.splitlines() for _ in range(2))
    assert not set(first) & set(second)
    printed = dict(line.split("=", 1) for line in first)
    assert set(printed) == set(fresh_secrets()) | set(fresh_passwords())
    missing = {problem.split()[0] for problem in problems({**SERVERS, **printed})}
    assert missing == REQUIRED - set(printed), "the pair of keys fits too"


def of_vault(text: str) -> dict[str, str]:
    """Return what `keygen` printed of the vault."""
    lines = dict(line.split("=", 1) for line in text.splitlines())
    return {name: value for name, value in lines.items() if "VAULT" in name}


def test_the_public_key_of_the_vault_keys_that_are_set_is_printed_again(folder: Path) -> None:
    printed = of_vault(CliRunner().invoke(app, ["keygen"]).stdout)
    (folder / ".env").write_text(
        f"ADRELAY_FORWARDER_VAULT_KEYS='{printed['ADRELAY_FORWARDER_VAULT_KEYS']}'\n"
    )
    result = CliRunner().invoke(app, ["keygen", "--public"])
    assert result.exit_code == 0
    assert of_vault(result.stdout) == {VAULT_PUBLIC_KEY: printed[VAULT_PUBLIC_KEY]}


def test_without_vault_keys_no_public_key_is_printed() -> None:
    result = CliRunner().invoke(app, ["keygen", "--public"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "ADRELAY_FORWARDER_VAULT_KEYS is missing" in result.stderr


def test_the_gateway_is_told_the_public_key_that_belongs_to_the_first_vault_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = fresh_secrets(), fresh_secrets()
    keys = f"{new['ADRELAY_FORWARDER_VAULT_KEYS']},{old['ADRELAY_FORWARDER_VAULT_KEYS']}"
    told = {VAULT_PUBLIC_KEY: new[VAULT_PUBLIC_KEY]}
    monkeypatch.setenv("ADRELAY_FORWARDER_VAULT_KEYS", keys)
    assert public_key_settings() == told
    monkeypatch.delenv("ADRELAY_FORWARDER_VAULT_KEYS")
    (folder / "keys").write_text(keys)
    monkeypatch.setenv("ADRELAY_FORWARDER_VAULT_KEYS_FILE", str(folder / "keys"))
    assert public_key_settings() == told
    monkeypatch.setenv(VAULT_PUBLIC_KEY, old[VAULT_PUBLIC_KEY])
    assert public_key_settings() == {}


def test_the_public_key_of_a_vault_key_that_is_being_replaced_is_accepted() -> None:
    old, new = fresh_secrets(), fresh_secrets()
    keys = f"{new['ADRELAY_FORWARDER_VAULT_KEYS']},{old['ADRELAY_FORWARDER_VAULT_KEYS']}"
    usual = {**SERVERS, **OUTSIDE, **new, "ADRELAY_FORWARDER_VAULT_KEYS": keys}
    assert problems(usual) == []
    assert problems(usual | {VAULT_PUBLIC_KEY: old[VAULT_PUBLIC_KEY]}) == []


def test_a_public_key_of_another_vault_is_listed_with_the_right_one() -> None:
    ours, others = fresh_secrets(), fresh_secrets()
    given = {**SERVERS, **OUTSIDE, **ours, VAULT_PUBLIC_KEY: others[VAULT_PUBLIC_KEY]}
    (problem,) = problems(given)
    assert problem.startswith(f"{VAULT_PUBLIC_KEY} belongs to none of ADRELAY_FORWARDER_VAULT_KEYS")
    assert problem.endswith(ours[VAULT_PUBLIC_KEY])
    (problem,) = problems(given | {VAULT_PUBLIC_KEY: "AAAA"})
    assert problem.startswith(f"{VAULT_PUBLIC_KEY} the key has 3 bytes")
