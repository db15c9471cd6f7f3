"""The gateway's settings, valid and invalid."""

import pytest

from libs.chassis.settings import InvalidSettings, load
from services.gateway.settings import GatewaySettings

GOOD = "kV8-a-secret-of-the-tests-2468-0"
IPN_SECRET = "ADRELAY_BILLING_IPN_SECRET"
SECRETS = ("JWT_SECRET", "ADMIN_TOKEN", "CODE_PEPPER")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_POSTGRES_URL", "postgresql://127.0.0.1:1")
    monkeypatch.setenv("ADRELAY_NATS_URL", "nats://127.0.0.1:1")
    for name in SECRETS:
        monkeypatch.setenv(f"ADRELAY_GATEWAY_{name}", GOOD)
    monkeypatch.setenv(IPN_SECRET, GOOD)


def test_valid_settings_are_loaded() -> None:
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


def test_without_a_mail_server_no_mails_are_sent() -> None:
    settings = load(GatewaySettings)
    assert not settings.mails
    assert settings.smtp_security == "starttls"


def test_a_mail_server_needs_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_GATEWAY_SMTP_HOST", "smtp.example.org")
    with pytest.raises(InvalidSettings, match="ADRELAY_GATEWAY_MAIL_FROM is no sender"):
        load(GatewaySettings)
    monkeypatch.setenv("ADRELAY_GATEWAY_MAIL_FROM", "Adrelay <no-reply@ads.example.org>")
    settings = load(GatewaySettings)
    assert settings.mails
    assert (settings.sender.display_name, settings.sender.addr_spec) == (
        "Adrelay",
        "no-reply@ads.example.org",
    )


@pytest.mark.parametrize(
    "sender",
    [
        "nobody",
        "a@b.example, c@d.example",
        "<a@b",
        "ü@b.example",
        "a@bücher.example",
        "a@-b.example",
        "a@b_c.example",
        "Ads: ;",
        "\n",
    ],
)
def test_an_invalid_sender_is_refused(monkeypatch: pytest.MonkeyPatch, sender: str) -> None:
    monkeypatch.setenv("ADRELAY_GATEWAY_MAIL_FROM", sender)
    with pytest.raises(InvalidSettings, match="ADRELAY_GATEWAY_MAIL_FROM is no sender"):
        load(GatewaySettings)


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("SMTP_PORT", "0"),
        ("SMTP_SECURITY", "ssl"),
        ("SMTP_CA_FILE", "/nowhere.pem"),
        ("SMTP_TIMEOUT_SECONDS", "0"),
        ("SITE_URL", "javascript:alert(1)"),
    ],
)
def test_a_wrong_mail_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, wrong: str) -> None:
    monkeypatch.setenv(f"ADRELAY_GATEWAY_{name}", wrong)
    with pytest.raises(InvalidSettings, match=f"ADRELAY_GATEWAY_{name}"):
        load(GatewaySettings)


def test_the_mail_servers_password_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_GATEWAY_SMTP_PASSWORD", "sm7p-password-of-the-tests")
    assert "sm7p" not in repr(load(GatewaySettings))


def test_the_secret_of_notifications_is_billings(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load(GatewaySettings).ipn_secret.get_secret_value() == GOOD
    monkeypatch.delenv(IPN_SECRET)
    with pytest.raises(InvalidSettings, match=f"^{IPN_SECRET} is missing"):
        load(GatewaySettings)
    monkeypatch.setenv(IPN_SECRET, "tiny-one")
    with pytest.raises(InvalidSettings, match=f"^{IPN_SECRET} is too short") as invalid:
        load(GatewaySettings)
    assert "tiny-one" not in str(invalid.value)
