"""What `adrelay up` shows before it starts."""

import pytest

from adrelay.commands.up.start_helper_process import where_mails_go

SECRETS = ("JWT_SECRET", "ADMIN_TOKEN", "CODE_PEPPER")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(f"ADRELAY_GATEWAY_{name}", "kV8-a-secret-of-the-tests-2468-0")
    monkeypatch.setenv("ADRELAY_BILLING_IPN_SECRET", "kV8-a-secret-of-the-tests-2468-0")


def test_without_a_mail_server_up_refers_to_the_command_for_access_codes() -> None:
    destination = where_mails_go()
    assert "`adrelay accounts code` (no SMTP configured, see ADRELAY_GATEWAY_SMTP_HOST)" in destination


def test_a_mail_server_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRELAY_GATEWAY_SMTP_HOST", "smtp.example.org")
    monkeypatch.setenv("ADRELAY_GATEWAY_SMTP_PASSWORD", "sm7p-password-of-the-tests")
    monkeypatch.setenv("ADRELAY_GATEWAY_MAIL_FROM", "Adrelay <no-reply@ads.example.org>")
    assert where_mails_go() == "go through smtp.example.org:587, from Adrelay <no-reply@ads.example.org>"
