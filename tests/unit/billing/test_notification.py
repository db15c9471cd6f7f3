"""What is read from a notification's body."""

import json
from decimal import Decimal

import pytest

from libs.eventsourcing.decider import Refused
from services.billing.notification import read_notification

BODY = (
    b'{"payment_id":5000000001,"parent_payment_id":null,"payment_status":"finished","order_id":"HQADZ-1",'
    b'"price_amount":30,"price_currency":"usd","pay_amount":0.00046693,"actually_paid":1e-7,'
    b'"pay_currency":"btc","fee":{"depositFee":1.5e-7},"something":"new"}'
)


def changed(**fields: object) -> bytes:
    return json.dumps({**json.loads(BODY), **fields}).encode()


def test_ids_become_text_and_amounts_keep_every_digit() -> None:
    found = read_notification(BODY)
    assert found.payment_id == "5000000001"
    assert found.pay_amount == Decimal("0.00046693")
    assert found.actually_paid == Decimal("0.0000001")


def test_ids_and_amounts_may_be_text() -> None:
    found = read_notification(changed(payment_id="51", parent_payment_id="50", pay_amount="0.1"))
    assert (found.payment_id, found.parent_payment_id, found.pay_amount) == ("51", "50", Decimal("0.1"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("payment_id", None),
        ("payment_id", 1.5),
        ("payment_id", "a b"),
        ("payment_status", ""),
        ("payment_status", 7),
        ("price_amount", 0),
        ("price_amount", "much"),
        ("pay_amount", -1),
        ("pay_amount", "NaN"),
        ("actually_paid", -1),
        ("pay_currency", None),
        ("order_id", 3),
    ],
)
def test_a_field_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(Refused, match=f"malformed_notification: missing or wrong: {field}"):
        read_notification(changed(**{field: value}))


@pytest.mark.parametrize("body", [b"[]", b"3", b"null", b"nonsense", b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused, match="malformed_notification"):
        read_notification(body)
