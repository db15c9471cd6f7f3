"""Fixtures: a sandbox, its control, a client of its API, and a merchant's webhook."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, PaymentView, SandboxSettings
from tests.integration.nowpayments_sandbox.merchant import Merchant

API_KEY = "KEY-OF-THE-TESTS"
IPN_SECRET = "secret of the tests"

Create = Callable[..., Awaitable[PaymentView]]


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[NowPaymentsSandbox]:
    settings = SandboxSettings(api_key=API_KEY, ipn_secret=IPN_SECRET, retries=2, retry_seconds=0.02)
    async with NowPaymentsSandbox(settings) as running:
        yield running


@pytest.fixture(scope="session")
async def shared_control(sandbox: NowPaymentsSandbox) -> AsyncIterator[NowPaymentsControl]:
    async with NowPaymentsControl(sandbox.url) as client:
        yield client


@pytest.fixture
async def control(shared_control: NowPaymentsControl) -> NowPaymentsControl:
    await shared_control.reset()
    return shared_control


@pytest.fixture(scope="session")
async def api(sandbox: NowPaymentsSandbox) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-api-key": API_KEY}
    async with httpx.AsyncClient(base_url=sandbox.url, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
async def merchant() -> AsyncIterator[Merchant]:
    webhook = Merchant()
    await webhook.start()
    yield webhook
    await webhook.stop()


@pytest.fixture
def retry_time(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Return what is set when the time of retries has come, however many seconds they wait for."""
    come = asyncio.Event()

    async def sleep(_: float) -> None:
        await come.wait()

    later = SimpleNamespace(**{**vars(asyncio), "sleep": sleep})
    monkeypatch.setattr("sandbox.nowpayments.notifying.asyncio", later)  # the module's, not the process's
    return come


@pytest.fixture
def create(api: httpx.AsyncClient, control: NowPaymentsControl, merchant: Merchant) -> Create:
    """Return a function that requests a payment of 30 USD in BTC; its keywords change the request."""

    async def ask(**change: Any) -> PaymentView:  # noqa: ANN401 - fields of any kind
        body = {
            "price_amount": 30,
            "price_currency": "usd",
            "pay_currency": "btc",
            "order_id": "HQADZ-1-AAAA",
            "order_description": "Bronze, 30 days / été",
            "ipn_callback_url": merchant.url,
        }
        answer = await api.post("/v1/payment", json={**body, **change})
        assert answer.status_code == 201, answer.text
        return await control.payment(answer.json()["payment_id"])

    return ask
