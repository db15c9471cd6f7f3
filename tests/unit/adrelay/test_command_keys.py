"""The keys of signed commands in a local run."""

from pathlib import Path

import pytest

from adrelay.command_keys import FILE, PRIVATE, PUBLIC, missing_keys, pair
from libs.chassis.settings import InvalidSettings, load
from libs.chassis.signing import MessageSigner
from services.gateway.settings import GatewaySettings


def test_a_local_run_keeps_the_keys_that_it_made(tmp_path: Path) -> None:
    made = missing_keys({}, tmp_path)
    assert MessageSigner.of(made[PRIVATE]).public_key == made[PUBLIC]
    assert missing_keys({}, tmp_path) == made
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600


def test_a_check_of_settings_writes_nothing_and_takes_any_keys() -> None:
    assert missing_keys({}, None).keys() == {PRIVATE, PUBLIC}


def test_the_public_key_follows_from_a_given_private_one(tmp_path: Path) -> None:
    given = pair()
    file = tmp_path / "key"
    file.write_text(given[PRIVATE] + "\n")
    for environment in ({PRIVATE: given[PRIVATE]}, {f"{PRIVATE}_FILE": str(file)}):
        assert missing_keys(environment, tmp_path) == {PUBLIC: given[PUBLIC]}
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "environment",
    [pair(), {PUBLIC: "any"}, {PRIVATE: "hunter2"}, {f"{PRIVATE}_FILE": "/nowhere"}],
    ids=["both", "public", "wrong", "no file"],
)
def test_what_is_given_is_left_to_the_check_of_settings(environment: dict[str, str], tmp_path: Path) -> None:
    assert missing_keys(environment, tmp_path) == {}


def test_a_gateway_with_another_public_key_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = pair(), pair()
    monkeypatch.setenv(PRIVATE, first[PRIVATE])
    monkeypatch.setenv(PUBLIC, second[PUBLIC])
    with pytest.raises(InvalidSettings) as invalid:
        load(GatewaySettings)
    (problem,) = [one for one in invalid.value.problems if one.startswith(PRIVATE)]
    assert f"does not belong to {PUBLIC}, which would have to be {first[PUBLIC]}" in problem
    assert first[PRIVATE] not in str(invalid.value)
    monkeypatch.setenv(PUBLIC, f"{second[PUBLIC]},{first[PUBLIC]}")
    with pytest.raises(InvalidSettings) as invalid:
        load(GatewaySettings)
    assert not [one for one in invalid.value.problems if one.startswith(PRIVATE)]
