"""What the gateway refuses to start with."""

import pytest

from libs.chassis.settings import InvalidSettings, load
from services.gateway.settings import GatewaySettings

GOOD = "kV8-a-secret-of-the-tests-2468-0"
SECRETS = ("JWT_SECRET", "ADMIN_TOKEN", "CODE_PEPPER")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", "postgresql://127.0.0.1:1")
    monkeypatch.setenv("ADRELAY_NATS_URL", "nats://127.0.0.1:1")
    for name in SECRETS:
        monkeypatch.setenv(f"ADRELAY_GATEWAY_{name}", GOOD)


def test_good_settings_are_taken() -> None:
    assert load(GatewaySettings).jwt_secret.get_secret_value() == GOOD


@pytest.mark.parametrize("name", SECRETS)
def test_a_missing_secret_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv(f"ADRELAY_GATEWAY_{name}")
    with pytest.raises(InvalidSettings, match=f"ADRELAY_GATEWAY_{name} is missing"):
        load(GatewaySettings)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("weak", ["tiny-one", "changeme-changeme-changeme-changeme", "a" * 40])
def test_a_weak_secret_is_refused_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, name: str, weak: str
) -> None:
    monkeypatch.setenv(f"ADRELAY_GATEWAY_{name}", weak)
    with pytest.raises(InvalidSettings) as invalid:
        load(GatewaySettings)
    assert f"ADRELAY_GATEWAY_{name}" in str(invalid.value)
    assert weak not in str(invalid.value)
