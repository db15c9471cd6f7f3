"""A message counts only with the gateway's signature of all that matters in it."""

import pytest
from structlog.testing import capture_logs

from libs.chassis.signing import FRESH_SECONDS, SIGNATURE, SIGNED_AT, MessageSigner
from libs.chassis.verifying import MessageVerifier
from libs.events.results import Refusal
from tests.support.signing import SIGNER, VERIFIER

SUBJECT, BODY = "cmd.billing.MarkPaid", b'{"order": 7}'
HEADERS = {"Adrelay-Command-Id": "1", "Adrelay-Correlation-Id": "2", "Adrelay-Actor": "account:7"}


def signed() -> dict[str, str]:
    return SIGNER.sign(SUBJECT, BODY, HEADERS)


def detail(found: Refusal | None) -> str:
    assert found is not None
    assert found.code == "not_signed"
    return found.detail


def test_what_the_gateway_signed_is_accepted() -> None:
    assert VERIFIER.refusal(SUBJECT, signed(), BODY) is None
    assert VERIFIER.refusal(SUBJECT, SIGNER.sign(SUBJECT, BODY), BODY) is None


@pytest.mark.parametrize("headers", [None, {}, HEADERS])
def test_what_has_no_signature_is_refused(headers: dict[str, str] | None) -> None:
    assert detail(VERIFIER.refusal(SUBJECT, headers, BODY)) == "it has no signature of the gateway"


@pytest.mark.parametrize(
    ("subject", "headers", "body"),
    [
        ("cmd.billing.Refund", {}, BODY),
        ("tcmd.billing.MarkPaid", {}, BODY),
        (SUBJECT, {}, BODY + b" "),
        (SUBJECT, {"Adrelay-Actor": "admin"}, BODY),
        (SUBJECT, {"Adrelay-Command-Id": "2"}, BODY),
        (SUBJECT, {"Adrelay-Correlation-Id": "1"}, BODY),
        (SUBJECT, {"Adrelay-Further": "1"}, BODY),
        (SUBJECT, {SIGNED_AT: "1"}, BODY),
        (SUBJECT, {SIGNATURE: "AAAA"}, BODY),
    ],
)
def test_no_part_of_a_signed_message_can_be_changed(
    subject: str, headers: dict[str, str], body: bytes
) -> None:
    assert "is of no key" in detail(VERIFIER.refusal(subject, signed() | headers, body))


@pytest.mark.parametrize("name", list(HEADERS))
def test_no_header_can_be_left_out(name: str) -> None:
    less = {header: value for header, value in signed().items() if header != name}
    assert "is of no key" in detail(VERIFIER.refusal(SUBJECT, less, BODY))


@pytest.mark.parametrize("headers", [{SIGNATURE: "no base64"}, {SIGNED_AT: "yesterday"}])
def test_a_signature_that_can_not_be_read_is_refused(headers: dict[str, str]) -> None:
    assert detail(VERIFIER.refusal(SUBJECT, signed() | headers, BODY)) == "its signature can't be read"


def test_the_signature_of_another_key_is_refused() -> None:
    foreign = MessageSigner.generate().sign(SUBJECT, BODY, HEADERS)
    assert "is of no key" in detail(VERIFIER.refusal(SUBJECT, foreign, BODY))


def test_during_a_change_of_keys_both_count() -> None:
    fresh = MessageSigner.generate()
    both = MessageVerifier.of(f"{fresh.public_key},{SIGNER.public_key}")
    for signer in (fresh, SIGNER):
        assert both.refusal(SUBJECT, signer.sign(SUBJECT, BODY), BODY) is None


@pytest.mark.parametrize(
    ("seconds", "when"),
    [(FRESH_SECONDS + 1, "301 seconds ago"), (-FRESH_SECONDS - 1, "seconds ahead")],
)
def test_an_old_message_is_refused_with_the_difference_of_the_clocks(seconds: float, when: str) -> None:
    message = signed()
    at = float(message[SIGNED_AT]) + seconds
    later = MessageVerifier(VERIFIER._keys, clock=lambda: at)  # pyright: ignore[reportPrivateUsage]
    assert when in detail(later.refusal(SUBJECT, message, BODY))
    just_in_time = MessageVerifier(VERIFIER._keys, clock=lambda: at - seconds / 100)  # pyright: ignore[reportPrivateUsage]
    assert just_in_time.refusal(SUBJECT, message, BODY) is None


def test_spaces_around_a_header_do_not_matter_for_the_broker_strips_them() -> None:
    message = SIGNER.sign(SUBJECT, BODY, {"Adrelay-Actor": " account:7 "})
    assert message["Adrelay-Actor"] == "account:7"
    assert VERIFIER.refusal(SUBJECT, message, BODY) is None


def test_a_refusal_is_logged_without_the_body() -> None:
    with capture_logs() as logs:
        VERIFIER.refusal(SUBJECT, None, b"hunter2")
    (line,) = logs
    assert (line["event"], line["subject"]) == ("message.not_signed", SUBJECT)
    assert "hunter2" not in str(line)


def test_the_private_key_is_not_shown() -> None:
    assert SIGNER.private_key not in repr(SIGNER)
