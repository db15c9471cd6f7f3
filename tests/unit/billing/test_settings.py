"""Billing's settings: valid ones are loaded, invalid ones refused in one clear line."""

from pathlib import Path

import pytest

from libs.chassis.settings import InvalidSettings, load
from services.billing.settings import BillingSettings

SECRET = "Wn4mK8xQ2vR7tZ1b"
GOOD = {
    "ADRELAY_POSTGRES_URL": "postgresql://user:pw@127.0.0.1:5432",
    "ADRELAY_NATS_URL": "nats://127.0.0.1:4222",
    "ADRELAY_BILLING_API_KEY": "K3YK3YA-B4C5D6E",
    "ADRELAY_BILLING_IPN_SECRET": f" {SECRET}\n",
    "ADRELAY_BILLING_IPN_CALLBACK_URL": "https://ads.example.org/webhook",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def problems() -> list[str]:
    with pytest.raises(InvalidSettings) as caught:
        load(BillingSettings)
    return caught.value.problems


@pytest.mark.usefixtures("environment")
def test_required_settings_suffice() -> None:
    settings = load(BillingSettings)
    assert settings.ipn_secret.get_secret_value() == SECRET
    assert settings.coins["USDT"] == "usdttrc20"
    assert SECRET not in repr(settings)


def test_every_missing_secret_is_named(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("ADRELAY_BILLING_API_KEY")
    environment.delenv("ADRELAY_BILLING_IPN_SECRET")
    missing = [problem.split(" (")[0] for problem in problems()]
    assert missing == ["ADRELAY_BILLING_API_KEY is missing", "ADRELAY_BILLING_IPN_SECRET is missing"]


@pytest.mark.parametrize(
    "secret", ["", "   ", "Wn4mK8xQ2vR7tZ1", "secret-secret-secret", "changeme-changeme", "aaaabbbbccccdddd"]
)
def test_a_weak_notification_secret_is_refused_and_not_shown(
    environment: pytest.MonkeyPatch, secret: str
) -> None:
    environment.setenv("ADRELAY_BILLING_IPN_SECRET", secret)
    [problem] = problems()
    assert problem.startswith("ADRELAY_BILLING_IPN_SECRET ")
    assert not secret.strip() or secret not in problem


def test_coins_are_parsed_as_pairs(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("ADRELAY_BILLING_COINS", "btc = BTC, USDT=usdterc20,")
    assert load(BillingSettings).coins == {"BTC": "btc", "USDT": "usdterc20"}


@pytest.mark.parametrize(
    "coins", ["", "BTC", "BTC=", "BTC=btc,BTC=eth", "BTC=btc,ETH=btc", "B=btc", '{"BTC"']
)
def test_coins_that_are_no_pairs_are_refused(environment: pytest.MonkeyPatch, coins: str) -> None:
    environment.setenv("ADRELAY_BILLING_COINS", coins)
    [problem] = problems()
    assert problem.startswith("ADRELAY_BILLING_COINS ")


def test_a_bad_catalogue_stops_the_start(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text('[[plan]]\ncode = "tiny"')
    environment.setenv("ADRELAY_BILLING_CATALOGUE_FILE", str(file))
    [problem] = problems()
    assert problem.startswith("ADRELAY_BILLING_CATALOGUE_FILE plans.toml, plan tiny: name: ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAYOUT_COIN", "USDT TRC"),
        ("PROVIDER_FAILURES", "0"),
        ("PROVIDER_REST_SECONDS", "0"),
        ("RECONCILE_FIRST_SECONDS", "0"),
        ("RECONCILE_LONGEST_SECONDS", "soon"),
        ("RECONCILE_LATE_SECONDS", "-1"),
        ("RECONCILE_CALLS_PER_MINUTE", "0"),
    ],
)
def test_invalid_intervals_are_refused(environment: pytest.MonkeyPatch, name: str, value: str) -> None:
    environment.setenv(f"ADRELAY_BILLING_{name}", value)
    [problem] = problems()
    assert problem.startswith(f"ADRELAY_BILLING_{name} ")
