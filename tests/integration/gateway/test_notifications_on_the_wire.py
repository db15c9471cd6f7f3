"""The webhook with real billing behind it: what is bad has its code, changes nothing, and is counted."""

import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY

from adrelay.runtime.nats import EmbeddedNats
from adrelay.runtime.postgres import EmbeddedPostgres
from tests.integration.gateway.shop import IPN_SECRET, Shop, open_shop

WEBHOOK = "webhooks/nowpayments"
pytestmark = pytest.mark.usefixtures("patient_provider")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def shop(postgres_server: EmbeddedPostgres, nats_server: EmbeddedNats) -> AsyncIterator[Shop]:
    """A market with stock."""
    async with open_shop(postgres_server, nats_server) as opened:
        await opened.stock(60)
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def order(shop: Shop) -> dict[str, Any]:
    """An order that waits to be paid, with what its notification says."""
    return await placed_order(shop)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def untouched(shop: Shop) -> dict[str, Any]:
    """An order for all tests that see that nothing happens to it."""
    return await placed_order(shop)


async def placed_order(shop: Shop) -> dict[str, Any]:
    placed = await shop.check_out()
    payment = await shop.payments.payment_of(placed["order_number"])
    body = {
        "payment_id": int(payment.payment_id),
        "payment_status": "finished",
        "pay_address": payment.pay_address,
        "price_amount": 30,
        "price_currency": "usd",
        "pay_amount": float(payment.pay_amount),
        "actually_paid": float(payment.pay_amount),
        "pay_currency": "btc",
        "order_id": placed["order_number"],
    }
    return {"number": placed["order_number"], "body": body}


def sign(body: dict[str, Any]) -> str:
    """Return the signature of a body whose keys are sorted and whose numbers are plain."""
    return signature_of(json.dumps(body, sort_keys=True, separators=(",", ":")).encode())


def signature_of(text: bytes, secret: str = IPN_SECRET) -> str:
    return hmac.new(secret.encode(), text, hashlib.sha512).hexdigest()


def counted(code: str, name: str = "adrelay_gateway_notifications_total") -> float:
    labels = {"outcome": code} if "notifications" in name else {"where": "webhook", "code": code}
    return REGISTRY.get_sample_value(name, labels) or 0.0


async def refused(
    shop: Shop, order: dict[str, Any], body: bytes, signature: str, *, status: int, code: str
) -> None:
    """Post a bad notification: it has its code, is counted, and changes nothing."""
    before, count = await shop.order(order["number"]), counted(code)
    answer = await shop.http.post(WEBHOOK, content=body, headers={"x-nowpayments-sig": signature})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert counted(code) == count + 1
    assert await shop.order(order["number"]) == before


async def test_a_good_one_pays_the_order_once_however_often_it_comes(
    shop: Shop, order: dict[str, Any]
) -> None:
    body = json.dumps(
        order["body"]
    ).encode()  # keys as they come, spaces: the signature is of the sorted form
    for _ in range(3):
        answer = await shop.http.post(
            WEBHOOK, content=body, headers={"x-nowpayments-sig": sign(order["body"])}
        )
        assert (answer.status_code, answer.json()) == (200, {"status": "recorded"})
    found = await shop.becomes(order["number"], lambda order: order["order_status"] == "FULFILLED")
    told = [line["event"] for line in found["history"]]
    assert told.count("PaymentFinished") == told.count("OrderFulfilled") == 1


@pytest.mark.parametrize(
    "change",
    [
        {"payment_status": "confirmed"},
        {"actually_paid": 1},
        {"order_id": "HQADZ-AAAAAAAA-BBBBBBBB"},
        {"extra": None},
    ],
    ids=str,
)
async def test_a_body_that_was_changed_after_signing_is_refused(
    shop: Shop, untouched: dict[str, Any], change: dict[str, Any]
) -> None:
    body = json.dumps(untouched["body"] | change).encode()
    await refused(shop, untouched, body, sign(untouched["body"]), status=401, code="bad_signature")


@pytest.mark.parametrize(
    "secret", [IPN_SECRET.upper(), "", "another-secret-0123456789"], ids=["case", "empty", "another"]
)
async def test_a_signature_by_another_secret_is_refused(
    shop: Shop, untouched: dict[str, Any], secret: str
) -> None:
    text = json.dumps(untouched["body"], sort_keys=True, separators=(",", ":")).encode()
    await refused(shop, untouched, text, signature_of(text, secret), status=401, code="bad_signature")


@pytest.mark.parametrize("signature", ["", "0", "é" * 64, "a" * 127, "a" * 300, "0x" + "a" * 126])
async def test_what_is_no_signature_is_refused(shop: Shop, untouched: dict[str, Any], signature: str) -> None:
    body = json.dumps(untouched["body"]).encode()
    headers = [(b"x-nowpayments-sig", signature.encode("latin-1"))]
    before, count = await shop.order(untouched["number"]), counted("bad_signature")
    answer = await shop.http.post(WEBHOOK, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert counted("bad_signature") == count + 1
    assert await shop.order(untouched["number"]) == before


BODIES = {
    "nothing": b"",
    "no JSON": b"payment_id=1&payment_status=finished",
    "no UTF-8": b'{"payment_id": "\xff\xfe"}',
    "UTF-16": '{"payment_id": 1}'.encode("utf-16"),
    "half a surrogate": b'{"payment_id": 1, "order_id": "\\ud800"}',
    "a list": b"[1, 2]",
    "a text": b'"finished"',
    "null": b"null",
    "NaN": b'{"payment_id": 1, "actually_paid": NaN}',
    "infinity": b'{"payment_id": 1, "actually_paid": -Infinity}',
    "deep": b'{"a":' * 2_000 + b"1" + b"}" * 2_000,
    "long number": b'{"payment_id": ' + b"9" * 16_000 + b"}",
    "huge exponent": b'{"payment_id": 1, "actually_paid": 1e999999999}',
    "NUL": b'{"payment_id": 1, "order_id": "HQADZ-AAAAAAAA-\\u0000"}',
}


@pytest.mark.parametrize("name", BODIES)
async def test_what_no_provider_sends_is_refused_even_where_it_is_signed(
    shop: Shop, untouched: dict[str, Any], name: str
) -> None:
    body = BODIES[name]
    before = await shop.order(untouched["number"])
    for signature in (signature_of(body), signature_of(body.replace(b": ", b":").replace(b", ", b","))):
        counts = {code: counted(code) for code in ("bad_signature", "malformed_notification")}
        answer = await shop.http.post(WEBHOOK, content=body, headers={"x-nowpayments-sig": signature})
        code = answer.json()["code"]
        assert (answer.status_code, code) in {(400, "malformed_notification"), (401, "bad_signature")}
        assert counted(code) == counts[code] + 1
    assert await shop.order(untouched["number"]) == before


@pytest.mark.parametrize("kept", [1, 20, -1])
async def test_a_body_that_was_cut_off_is_refused(shop: Shop, untouched: dict[str, Any], kept: int) -> None:
    text = json.dumps(untouched["body"], sort_keys=True, separators=(",", ":")).encode()
    before = await shop.order(untouched["number"])
    for signature in (signature_of(text), signature_of(text[:kept])):
        answer = await shop.http.post(WEBHOOK, content=text[:kept], headers={"x-nowpayments-sig": signature})
        assert answer.status_code in {400, 401}
    assert await shop.order(untouched["number"]) == before


async def test_a_key_that_stands_there_twice_is_refused(shop: Shop, untouched: dict[str, Any]) -> None:
    text = json.dumps(untouched["body"], sort_keys=True, separators=(",", ":"))
    twice = text.replace(
        '"payment_status":"finished"', '"payment_status":"waiting","payment_status":"finished"'
    )
    before = await shop.order(untouched["number"])
    for signed in (text, twice, text.replace("finished", "waiting")):
        answer = await shop.http.post(
            WEBHOOK, content=twice.encode(), headers={"x-nowpayments-sig": signature_of(signed.encode())}
        )
        assert answer.status_code in {400, 401}, answer.text
    assert await shop.order(untouched["number"]) == before


async def test_a_body_that_is_too_large_is_refused_unread(shop: Shop, untouched: dict[str, Any]) -> None:
    body = untouched["body"] | {"order_description": "x" * 65_536}
    before, name = await shop.order(untouched["number"]), "adrelay_gateway_bodies_refused_total"
    count = counted("body_too_large", name)
    answer = await shop.http.post(
        WEBHOOK, content=json.dumps(body).encode(), headers={"x-nowpayments-sig": sign(body)}
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert counted("body_too_large", name) == count + 1
    assert await shop.order(untouched["number"]) == before


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"price_amount": 1}, 422, "wrong_amount"),
        ({"price_amount": -30}, 422, "wrong_amount"),
        ({"price_currency": "eur"}, 422, "wrong_amount"),
        ({"pay_amount": 0.00000001}, 422, "wrong_amount"),
        ({"payment_id": 1}, 422, "wrong_payment"),
        ({"payment_id": 1, "order_id": "HQADZ-AAAAAAAA-BBBBBBBB"}, 404, "unknown_order"),
        ({"payment_id": 1, "order_id": "something else"}, 404, "unknown_order"),
        ({"payment_id": 1, "order_id": None}, 404, "unknown_order"),
    ],
    ids=str,
)
async def test_a_well_signed_one_that_fits_no_order_is_refused(
    shop: Shop, order: dict[str, Any], change: dict[str, Any], status: int, code: str
) -> None:
    body = order["body"] | change
    before = await shop.order(order["number"])
    answer = await shop.http.post(
        WEBHOOK, content=json.dumps(body).encode(), headers={"x-nowpayments-sig": sign(body)}
    )
    allowed = {
        (status, code),
        (400, "malformed_notification"),
    }  # an amount below nothing can't be read at all
    assert (answer.status_code, answer.json()["code"]) in allowed
    after = await shop.order(order["number"])
    told = {"history", "attention"}  # that money came which does not match, for a person to look at
    assert {name for name in after if after[name] != before[name]} <= told


@pytest.mark.parametrize("number", [None, "something else", "HQADZ-AAAAAAAA-BBBBBBBB"])
async def test_one_that_names_no_order_of_ours_is_found_by_its_payment(
    shop: Shop, order: dict[str, Any], number: str | None
) -> None:
    body = order["body"] | {"order_id": number}
    content = json.dumps(body).encode()
    answer = await shop.http.post(WEBHOOK, content=content, headers={"x-nowpayments-sig": sign(body)})
    assert answer.status_code == 200
    await shop.becomes(order["number"], lambda found: found["status"] == "FINISHED")


async def test_one_of_another_order_pays_neither(shop: Shop, order: dict[str, Any]) -> None:
    other = await shop.check_out()
    body = order["body"] | {"order_id": other["order_number"]}
    content, signature = json.dumps(body).encode(), sign(body)
    await refused(
        shop, {"number": other["order_number"]}, content, signature, status=422, code="wrong_payment"
    )
    reported = await shop.becomes(order["number"], lambda found: bool(found["attention"]))
    assert reported["status"] == "WAITING"
    await refused(shop, order, content, signature, status=422, code="wrong_payment")
