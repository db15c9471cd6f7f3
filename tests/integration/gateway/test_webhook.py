"""What the payment provider hears."""

import asyncio
import hmac
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client import REGISTRY

from services.gateway.api.requests.edge import WEBHOOK
from services.gateway.api.webhook import notification
from services.gateway.api.webhook.notification import ANSWER_SECONDS
from tests.integration.gateway.harness import IPN_SECRET, GatewayHarness
from tests.support.waiting import until

URL = "/api/v1/webhooks/nowpayments"
FORGED = {"x-nowpayments-sig": "ab" * 64}
pytestmark = pytest.mark.usefixtures("patient_provider")

PAID = b'{"payment_status": "finished"}'


def signed(body: bytes) -> dict[str, str]:
    return {"x-nowpayments-sig": hmac.digest(IPN_SECRET.encode(), body, "sha512").hex()}


def counted(outcome: str) -> float:
    return REGISTRY.get_sample_value("adrelay_gateway_notifications_total", {"outcome": outcome}) or 0.0


async def test_a_stored_notification_is_answered_with_200(http: httpx.AsyncClient) -> None:
    answer = await http.post(URL, content=PAID, headers=signed(PAID))
    assert (answer.status_code, answer.json()) == (200, {"status": "recorded"})


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("bad_signature", 401),
        ("malformed_notification", 400),
        ("unknown_order", 404),
        ("wrong_payment", 422),
        ("wrong_amount", 422),
    ],
)
async def test_each_refusal_has_its_status_and_is_counted(
    http: httpx.AsyncClient, code: str, status: int
) -> None:
    before = counted(code)
    body = f"refuse {code}".encode()
    answer = await http.post(URL, content=body, headers=signed(body))
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert counted(code) == before + 1


@pytest.mark.parametrize("headers", [{}, {"x-nowpayments-sig": ""}, {"x-nowpayments-sig": "a" * 300}])
async def test_a_notification_without_a_signature_is_refused(
    http: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await http.post(URL, content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")


async def test_a_forged_notification_is_refused_and_billing_hears_nothing(
    http: httpx.AsyncClient, harness: GatewayHarness
) -> None:
    before, heard = counted("bad_signature"), len(harness.fake_billing.seen)
    answer = await http.post(URL, content=b"{}", headers=FORGED)
    assert (answer.status_code, answer.json()["code"]) == (401, "bad_signature")
    assert counted("bad_signature") == before + 1
    assert len(harness.fake_billing.seen) == heard


async def test_a_service_that_breaks_makes_the_provider_try_again(http: httpx.AsyncClient) -> None:
    answer = await http.post(URL, content=b"break", headers=signed(b"break"))
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_refused(http: httpx.AsyncClient, *, chunked: bool) -> None:
    body = b"x" * (WEBHOOK.most_bytes + 1)

    async def chunks() -> AsyncIterator[bytes]:
        yield body

    labels = {"where": "webhook", "code": "body_too_large"}
    before = REGISTRY.get_sample_value("adrelay_gateway_bodies_refused_total", labels) or 0
    answer = await http.post(URL, content=chunks() if chunked else body, headers=signed(body))
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert REGISTRY.get_sample_value("adrelay_gateway_bodies_refused_total", labels) == before + 1


async def test_the_largest_body_that_is_allowed_arrives(http: httpx.AsyncClient) -> None:
    body = b"x" * WEBHOOK.most_bytes
    answer = await http.post(URL, content=body, headers=signed(body))
    assert answer.status_code == 200


async def test_the_body_arrives_as_it_was_sent(http: httpx.AsyncClient) -> None:
    body = "refuse é/\u2028 ".encode()
    answer = await http.post(URL, content=body, headers=signed(body))
    assert answer.json()["code"] == "é/\u2028 "


async def test_of_too_many_at_once_the_last_are_told_to_come_again_before_any_is_late(
    harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    most, more = 20, 5
    monkeypatch.setattr(notification, "MOST_UNDER_WAY", most)
    monkeypatch.setattr(notification, "ANSWER_SECONDS", 2 * ANSWER_SECONDS)  # until then all have come
    before, late = counted("crowded"), counted("late")
    async with harness.gateway() as crowd:
        harness.fake_billing.slow.clear()
        try:
            answers = await asyncio.gather(
                *(crowd.post(URL, content=b"{}", headers=signed(b"{}")) for _ in range(most + more))
            )
        finally:
            harness.fake_billing.slow.set()
        assert (counted("crowded"), counted("late")) == (before + more, late + most)
        assert {(one.status_code, int(one.headers["Retry-After"]) > 0) for one in answers} == {(503, True)}

        async def comes_again() -> int:
            return (await crowd.post(URL, content=b"{}", headers=signed(b"{}"))).status_code

        await until(comes_again, lambda status: status == 200)  # once the commands under way have ended


async def test_the_provider_hears_that_it_must_come_again_before_it_stops_listening(
    http: httpx.AsyncClient, harness: GatewayHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ANSWER_SECONDS < 3
    monkeypatch.setattr(notification, "ANSWER_SECONDS", ANSWER_SECONDS)
    before = counted("late")
    harness.fake_billing.slow.clear()
    try:
        answer = await http.post(URL, content=b"{}", headers=signed(b"{}"))  # while billing does not answer
    finally:
        harness.fake_billing.slow.set()
    assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    assert counted("late") == before + 1
