"""Parsing notifications: what they contain, and which are refused."""

import hashlib
import hmac
import json
from decimal import Decimal
from typing import Self

import pytest
from prometheus_client import REGISTRY

from libs.eventsourcing import Refused
from services.billing.adapters.nowpayments.answers import Reported
from services.billing.adapters.nowpayments.notification import read_notification
from services.billing.order.payment_report import PaymentReport
from services.billing.order.payment_state import PaymentState

SECRET = b"secret"
BODY = (
    b'{"payment_id":5000000001,"parent_payment_id":null,"payment_status":"finished",'
    b'"order_id":"HQADZ-ABC123-WXYZ","price_amount":30,"price_currency":"usd","pay_amount":0.00046693,'
    b'"actually_paid":1e-7,"pay_currency":"btc","pay_address":"3Sandbox","payin_extra_id":"",'
    b'"fee":{"depositFee":1.5e-7},"something":"new"}'
)


def raw(value: str) -> str:
    """Return a placeholder for a value that json would not write."""
    return f"<<{value}>>"


def changed(**fields: object) -> bytes:
    text = json.dumps({**json.loads(BODY), **fields})
    return text.replace('"<<', "").replace('>>"', "").encode()


class Raw(str):
    """A number that is serialized as it was parsed."""

    __slots__ = ()

    def __new__(cls, text: str) -> Self:
        return super().__new__(cls, raw(text))


def signed(body: bytes) -> str:
    """Sign as the provider does, whose program uses the last of duplicate keys."""
    said = json.loads(body, parse_float=Raw, parse_int=Raw)
    form = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hmac.new(SECRET, form.replace('"<<', "").replace('>>"', "").encode(), hashlib.sha512).hexdigest()


def read(body: bytes) -> Reported:
    """Parse a body with its correct signature, if it has one."""
    try:
        signature = signed(body)
    except ValueError:
        signature = "ab" * 64
    return read_notification(body, signature, [SECRET])


def malformed(why: str) -> float:
    name = "adrelay_billing_malformed_notifications_total"
    return REGISTRY.get_sample_value(name, {"why": why}) or 0.0


def reported(body: bytes) -> PaymentReport:
    return read(body).report({"btc": "BTC"}.get)


def test_a_notification_is_parsed_to_a_report() -> None:
    assert reported(BODY) == PaymentReport(
        payment="5000000001",
        parent=None,
        order="HQADZ-ABC123-WXYZ",
        status=PaymentState.FINISHED,
        status_text="finished",
        price=Decimal(30),
        price_currency="USD",
        amount=Decimal("0.00046693"),
        paid=Decimal("0.0000001"),
        coin="BTC",
        currency="btc",
        address="3Sandbox",
        memo=None,
        expires_at=None,
    )


@pytest.mark.parametrize("state", list(PaymentState))
def test_every_status_of_the_provider_is_known(state: PaymentState) -> None:
    assert reported(changed(payment_status=state.lower())).status is state


def test_an_unknown_status_is_stored_as_the_provider_wrote_it() -> None:
    report = reported(changed(payment_status="cancelled", pay_currency="doge", order_id="12"))
    assert (report.status, report.status_text) == (None, "cancelled")
    assert (report.coin, report.currency) == (None, "doge")
    assert report.order is None


def test_missing_fields_of_a_notification_stay_missing() -> None:
    report = reported(b'{"payment_id":5000000001,"payment_status":"finished"}')
    assert (report.order, report.parent, report.address) == (None, None, None)
    assert (report.price, report.price_currency, report.amount, report.paid) == (None,) * 4
    assert (report.coin, report.currency) == (None, None)
    nulls = dict.fromkeys(set(json.loads(BODY)) - {"payment_id", "payment_status"})
    assert reported(changed(**nulls)) == report


def test_a_deposit_may_have_an_expected_amount_of_zero() -> None:
    report = reported(changed(price_amount=0, pay_amount=raw("0.0")))
    assert (report.price, report.amount) == (Decimal(0), Decimal(0))


def test_ids_and_amounts_may_be_strings() -> None:
    found = read(changed(payment_id="51", parent_payment_id="50", pay_amount="0.1", payin_extra_id=7))
    assert (found.payment_id, found.parent_payment_id, found.pay_amount) == ("51", "50", Decimal("0.1"))
    assert found.payin_extra_id == "7"


@pytest.mark.parametrize(
    ("written", "parsed"),
    [
        ("0.00000000000000000149", "0.000000000000000001"),
        ("12.3456789012345678909", "12.345678901234567890"),
        ("1e-300", "0"),
    ],
)
def test_an_amount_is_exact_to_eighteen_decimals(written: str, parsed: str) -> None:
    assert read(changed(actually_paid=raw(written))).actually_paid == Decimal(parsed)
    assert read(changed(actually_paid=written)).actually_paid == Decimal(parsed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("pay_address", ""),
        ("pay_address", "x" * 300),
        ("payin_extra_id", "x" * 300),
        ("payin_extra_id", True),
        ("expiration_estimate_date", ""),
        ("expiration_estimate_date", "2026-01-01T12:00:00"),
        ("price_currency", ""),
        ("parent_payment_id", ""),
        ("order_id", 3),
    ],
)
def test_an_invalid_field_is_treated_as_missing_if_the_money_is_known_without_it(
    field: str, value: object
) -> None:
    without = {name: said for name, said in json.loads(BODY).items() if name != field}
    assert read(changed(**{field: value})) == read(json.dumps(without).encode())
    assert reported(changed(**{field: value})).paid == Decimal("0.0000001")


def test_an_address_with_an_invalid_memo_is_not_reported() -> None:
    assert reported(changed(payin_extra_id="x" * 300)).address is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payment_id", None),
        ("payment_id", 1.5),
        ("payment_id", "a b"),
        ("payment_id", True),
        ("payment_status", None),
        ("payment_status", ""),
        ("payment_status", 7),
        ("price_amount", -1),
        ("price_amount", "much"),
        ("price_amount", True),
        ("pay_amount", -1),
        ("pay_amount", "NaN"),
        ("pay_amount", "Infinity"),
        ("pay_amount", raw("1e999999999")),
        ("pay_amount", raw("9" * 39)),
        ("pay_amount", raw("9" * 64)),
        ("actually_paid", -1),
        ("actually_paid", raw("-1e-7")),
        ("actually_paid", raw("1e400")),
        ("actually_paid", raw("1e99999999999999999999")),
        ("payment_id", raw("1e-99999999999999999999")),
        ("pay_currency", "x" * 33),
    ],
)
def test_an_invalid_field_is_logged_by_name_and_counted(field: str, value: object) -> None:
    before = malformed("fields")
    with pytest.raises(Refused, match=f"malformed_notification: missing or wrong: {field}"):
        read(changed(**{field: value}))
    assert malformed("fields") == before + 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"pay_amount":' + b"9" * 65 + b"}", "too_long_number"),
        (b"[]", "no_object"),
        (b"3", "no_object"),
        (b"null", "no_object"),
        (b"nonsense", "not_json"),
        (BODY[:-1], "not_json"),
        (b"\xff", "not_utf8"),
        (BODY.replace(b"new", b"\xc3("), "not_utf8"),
        (BODY[:-1] + b',"payment_status":"finished"}', "duplicate_key"),
        (BODY.replace(b"1.5e-7}", b'1,"depositFee":2}'), "duplicate_key"),
        (BODY.replace(b"0.00046693", b"NaN"), "not_finite"),
        (BODY.replace(b"0.00046693", b"-Infinity"), "not_finite"),
        (BODY[:-1] + b" " * 64 * 1024 + b"}", "too_large"),
    ],
)
def test_an_ambiguous_body_is_refused_and_counted(body: bytes, why: str) -> None:
    before = malformed(why)
    with pytest.raises(Refused) as caught:
        read(body)
    assert caught.value.code == "malformed_notification"
    assert malformed(why) == before + 1


@pytest.mark.parametrize("signature", ["", "nonsense", "ab" * 64, signed(BODY)[:-1] + "x"])
def test_a_wrong_signature_is_refused(signature: str) -> None:
    with pytest.raises(Refused) as caught:
        read_notification(BODY, signature, [SECRET])
    assert caught.value.code == "bad_signature"
