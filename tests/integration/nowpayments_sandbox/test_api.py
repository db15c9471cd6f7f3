"""The provider's calls."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from sandbox.nowpayments import NowPaymentsControl, NowPaymentsSandbox, SandboxSettings
from sandbox.nowpayments.coins import COINS
from tests.integration.nowpayments_sandbox.conftest import Create

ASKED = {
    "price_amount": 30,
    "price_currency": "usd",
    "pay_currency": "btc",
    "order_id": "HQADZ-1-AAAA",
    "order_description": "Bronze, 30 days / été",
    "ipn_callback_url": "http://127.0.0.1:1/ipn",
}


async def test_the_status_needs_no_key(sandbox: NowPaymentsSandbox) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as stranger:
        answer = await stranger.get("/v1/status")
    assert (answer.status_code, answer.json()) == (200, {"message": "OK"})


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "another"}, {"x-api-key": ""}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/currencies"),
        ("GET", "/v1/merchant/coins"),
        ("GET", "/v1/min-amount?currency_from=btc"),
        ("GET", "/v1/estimate?amount=1&currency_from=usd&currency_to=btc"),
        ("GET", "/v1/payment/1"),
        ("POST", "/v1/payment"),
    ],
)
async def test_all_other_calls_need_the_key(
    sandbox: NowPaymentsSandbox, method: str, path: str, headers: dict[str, str]
) -> None:
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as stranger:
        answer = await stranger.request(method, path, headers=headers)
    assert answer.status_code == 403
    assert answer.text == (
        '{"status":false,"statusCode":403,"code":"INVALID_API_KEY","message":"Invalid api key"}'
    )


async def test_the_coins_are_listed(api: httpx.AsyncClient) -> None:
    assert (await api.get("/v1/currencies")).json() == {"currencies": list(COINS)}
    assert (await api.get("/v1/merchant/coins")).json() == {"selectedCurrencies": list(COINS)}


async def test_the_merchant_takes_only_the_coins_of_the_settings() -> None:
    settings = SandboxSettings(api_key="k", ipn_secret="s", coins=("ltc", "sol"))
    async with (
        NowPaymentsSandbox(settings) as other,
        httpx.AsyncClient(base_url=other.url, headers={"x-api-key": "k"}, trust_env=False) as api,
    ):
        assert (await api.get("/v1/merchant/coins")).json() == {"selectedCurrencies": ["ltc", "sol"]}
        refused = await api.post("/v1/payment", json=ASKED)
        assert (refused.status_code, refused.json()["code"]) == (400, "CURRENCY_UNAVAILABLE")


async def test_the_least_amount_of_a_pair_is_said(api: httpx.AsyncClient) -> None:
    answer = await api.get(
        "/v1/min-amount",
        params={"currency_from": "BTC", "currency_to": "usdttrc20", "fiat_equivalent": "usd"},
    )
    assert answer.text == (
        '{"currency_from":"btc","currency_to":"usdttrc20","min_amount":0.00003,"fiat_equivalent":1.93}'
    )
    from_fiat = await api.get("/v1/min-amount", params={"currency_from": "usd", "currency_to": "eth"})
    assert from_fiat.json()["min_amount"] == 1.87
    to_payout = await api.get("/v1/min-amount", params={"currency_from": "xrp"})
    assert to_payout.json() == {"currency_from": "xrp", "currency_to": "usdttrc20", "min_amount": 4}


async def test_an_estimate_is_by_the_fixed_rates(api: httpx.AsyncClient) -> None:
    answer = await api.get(
        "/v1/estimate", params={"amount": "30", "currency_from": "usd", "currency_to": "btc"}
    )
    assert answer.text == (
        '{"currency_from":"usd","amount_from":30,"currency_to":"btc","estimated_amount":0.00046692}'
    )


async def test_a_payment_waits_for_what_its_price_is_in_coins(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/payment", json=ASKED)
    said = answer.json()
    assert answer.status_code == 201
    assert said["payment_id"].isdigit()
    assert said["purchase_id"].isdigit()
    expected = {"payment_status": "waiting", "pay_amount": 0.00046692, "payin_extra_id": None, **ASKED}
    assert {key: said[key] for key in expected} == expected
    assert '"price_amount":30,' in answer.text
    lives = datetime.fromisoformat(said["expiration_estimate_date"]) - datetime.fromisoformat(
        said["created_at"]
    )
    assert lives == timedelta(days=7)


async def test_a_payment_at_a_fixed_rate_lives_twenty_minutes(create: Create) -> None:
    payment = await create(is_fixed_rate=True)
    assert payment.expires_at - payment.created_at == timedelta(minutes=20)


async def test_a_payment_is_found_again_by_its_id(api: httpx.AsyncClient, create: Create) -> None:
    payment = await create()
    said = (await api.get(f"/v1/payment/{payment.payment_id}")).json()
    assert said["payment_id"] == payment.payment_id
    assert said["order_id"] == "HQADZ-1-AAAA"
    assert (said["payment_status"], said["actually_paid"], said["outcome_amount"]) == ("waiting", 0, None)


SHAPES: dict[str, Callable[[str], bool]] = {
    "btc": lambda address: address.startswith("3") and len(address) == 34,
    "eth": lambda address: address.startswith("0x") and int(address, 16) > 0 and len(address) == 42,
    "sol": lambda address: len(address) == 44,
    "ltc": lambda address: address.startswith("M") and len(address) == 34,
    "usdttrc20": lambda address: address.startswith("T") and len(address) == 34,
    "usdterc20": lambda address: address.startswith("0x") and int(address, 16) > 0 and len(address) == 42,
    "xrp": lambda address: address.startswith("r") and len(address) == 34,
}


@pytest.mark.parametrize("coin", list(COINS))
async def test_each_coin_has_addresses_of_its_shape_and_some_a_memo(create: Create, coin: str) -> None:
    one, two = await create(pay_currency=coin.upper()), await create(pay_currency=coin)
    assert one.pay_currency == coin
    assert SHAPES[coin](one.pay_address)
    assert one.pay_address != two.pay_address
    assert (one.payin_extra_id is not None) == (coin == "xrp")
    assert abs(one.pay_amount * COINS[coin].usd - 30) < Decimal("0.01")


async def test_addresses_are_the_same_in_every_run() -> None:
    def addresses() -> list[str]:
        return [coin.address("5000000001") for coin in COINS.values()]

    assert addresses() == addresses()
    assert len(set(addresses())) == len(COINS)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"pay_currency": "doge"}, "CURRENCY_UNAVAILABLE"),
        ({"price_currency": "beads"}, "CURRENCY_UNAVAILABLE"),
        ({"price_amount": 1}, "AMOUNT_MINIMAL_ERROR"),
        ({"price_amount": 0}, "INVALID_REQUEST_PARAMS"),
        ({"price_amount": -5}, "INVALID_REQUEST_PARAMS"),
        ({"price_amount": "much"}, "INVALID_REQUEST_PARAMS"),
        ({"price_amount": None}, "INVALID_REQUEST_PARAMS"),
        ({"pay_currency": ""}, "INVALID_REQUEST_PARAMS"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_and_makes_no_payment(
    api: httpx.AsyncClient, control: NowPaymentsControl, change: dict[str, object], code: str
) -> None:
    answer = await api.post("/v1/payment", json={**ASKED, **change})
    said = answer.json()
    assert (answer.status_code, said["status"], said["statusCode"], said["code"]) == (400, False, 400, code)
    assert said["message"]
    assert await control.payments() == []


async def test_a_body_that_is_not_json_is_refused_in_the_providers_way(api: httpx.AsyncClient) -> None:
    answer = await api.post("/v1/payment", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_REQUEST_PARAMS")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/payment/123", 404, "PAYMENT_NOT_FOUND"),
        (f"/v1/payment/{'9' * 5000}", 404, "PAYMENT_NOT_FOUND"),
        ("/v1/payment/abc", 400, "INVALID_REQUEST_PARAMS"),
        ("/v1/nothing", 404, "NOT_FOUND"),
        ("/v1/min-amount", 400, "INVALID_REQUEST_PARAMS"),
        ("/v1/min-amount?currency_from=doge", 400, "CURRENCY_UNAVAILABLE"),
        ("/v1/min-amount?currency_from=usd&currency_to=eur", 400, "INVALID_REQUEST_PARAMS"),
        ("/v1/estimate?amount=0&currency_from=usd&currency_to=btc", 400, "INVALID_REQUEST_PARAMS"),
        ("/v1/estimate?amount=1&currency_from=usd&currency_to=doge", 400, "CURRENCY_UNAVAILABLE"),
    ],
)
async def test_a_question_without_an_answer_is_refused_in_the_providers_way(
    api: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await api.get(path)
    said = answer.json()
    assert (answer.status_code, said["status"], said["statusCode"], said["code"]) == (
        status,
        False,
        status,
        code,
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"api_key": " "},
        {"ipn_secret": ""},
        {"coins": ("doge",)},
        {"coins": ()},
        {"memo_coins": frozenset({"doge"})},
        {"outcome_coin": "doge"},
    ],
)
def test_wrong_settings_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"empty|coins"):
        SandboxSettings(**{"api_key": "k", "ipn_secret": "s", **wrong})  # type: ignore[arg-type] # wrong on purpose


def test_settings_do_not_show_their_secrets() -> None:
    assert "hush" not in repr(SandboxSettings(api_key="hush1", ipn_secret="hush2"))


async def test_a_sandbox_has_no_address_before_it_starts_and_stops_twice() -> None:
    other = NowPaymentsSandbox(SandboxSettings(api_key="k", ipn_secret="s"))
    with pytest.raises(RuntimeError, match="not started"):
        _ = other.url
    await other.start()
    with pytest.raises(RuntimeError, match="started already"):
        await other.start()
    port = int(other.url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match="in use"):
        await NowPaymentsSandbox(SandboxSettings(api_key="k", ipn_secret="s"), port=port).start()
    await other.stop()
    await other.stop()
