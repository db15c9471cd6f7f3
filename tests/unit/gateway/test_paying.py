"""Payment URIs, QR codes and order numbers."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from services.gateway.api.checkout.ordering import new_order_number
from services.gateway.api.checkout.paying import payment_uri, qr_picture
from services.gateway.tables.order_lines import PaymentState
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.values import plain

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def payment(
    coin: str,
    amount: str | None,
    *,
    address: str | None = "addr",
    memo: str | None = None,
    status: PaymentStatus = PaymentStatus.WAITING,
    order_status: OrderStatus = OrderStatus.PENDING,
    missing: str | None = None,
) -> PaymentState:
    return PaymentState(
        order_number="HQADZ-AAAAAA-BBBB",
        status=status,
        payment_status=status,
        order_status=order_status,
        plan="bronze",
        price_usd=Decimal(30),
        pay_currency=coin,
        pay_address=address,
        memo=memo,
        amount=None if amount is None else Decimal(amount),
        paid=None,
        missing=None if missing is None else Decimal(missing),
        expires_at=NOON,
        updated_at=NOON,
    )


@pytest.mark.parametrize(
    ("coin", "amount", "uri"),
    [
        ("BTC", "0.00045600", "bitcoin:addr?amount=0.000456"),
        ("LTC", "1E-7", "litecoin:addr?amount=0.0000001"),
        ("ETH", "0.01", "ethereum:addr?value=10000000000000000"),
        ("SOL", "2.50", "solana:addr?amount=2.5"),
        ("XRP", "13.20", "xrp:addr?amount=13.2"),
        ("XLM", "80", "web+stellar:pay?destination=addr&amount=80"),
        ("TON", "0.000000001", "ton://transfer/addr?amount=1"),
        ("USDT", "30.1", "addr"),
    ],
)
def test_a_payment_uri_is_as_the_coins_wallets_expect(coin: str, amount: str, uri: str) -> None:
    assert payment_uri(payment(coin, amount)) == uri


@pytest.mark.parametrize(
    ("coin", "memo", "uri"),
    [
        ("SOL", "a b", "solana:addr?amount=1.5&memo=a+b"),
        ("XRP", "0", "xrp:addr?amount=1.5&dt=0"),
        ("XRP", "4294967295", "xrp:addr?amount=1.5&dt=4294967295"),
        ("XLM", "a b&c", "web+stellar:pay?destination=addr&amount=1.5&memo=a%20b%26c&memo_type=MEMO_TEXT"),
        ("XLM", "1234567", "web+stellar:pay?destination=addr&amount=1.5&memo=1234567&memo_type=MEMO_ID"),
        ("TON", "a b&c=é", "ton://transfer/addr?amount=1500000000&text=a%20b%26c%3D%C3%A9"),
    ],
)
def test_the_uri_and_the_qr_code_contain_the_memo(coin: str, memo: str, uri: str) -> None:
    assert payment_uri(payment(coin, "1.5", memo=memo)) == uri


@pytest.mark.parametrize(
    ("coin", "memo"),
    [
        ("XRP", "4294967296"),
        ("XRP", "007"),
        ("XRP", "a tag"),
        ("XLM", "x" * 29),
        ("BTC", "1"),
        ("LTC", "1"),
        ("ETH", "1"),
        ("EOS", "1"),
        ("USDT", "1"),
    ],
)
def test_there_is_no_uri_for_a_coin_whose_uris_have_no_memo(coin: str, memo: str) -> None:
    assert payment_uri(payment(coin, "1.5", memo=memo)) is None


def test_there_is_no_uri_before_there_is_an_address() -> None:
    assert payment_uri(payment("BTC", None, address=None)) is None


def test_after_a_partial_payment_the_uri_asks_for_the_rest() -> None:
    partly = payment("BTC", "3", status=PaymentStatus.PARTIALLY_PAID, missing="1")
    assert payment_uri(partly) == "bitcoin:addr?amount=1"


@pytest.mark.parametrize(
    "status", sorted(set(PaymentStatus) - {PaymentStatus.WAITING, PaymentStatus.PARTIALLY_PAID})
)
def test_a_paid_order_has_no_payment_uri(status: PaymentStatus) -> None:
    assert payment_uri(payment("BTC", "3", status=status, missing="1")) is None


@pytest.mark.parametrize("status", sorted(set(OrderStatus) - {OrderStatus.PENDING}))
def test_a_closed_order_has_no_payment_uri(status: OrderStatus) -> None:
    assert payment_uri(payment("BTC", "3", order_status=status)) is None


def test_an_address_can_not_add_parameters_to_the_uri() -> None:
    assert payment_uri(payment("BTC", "1", address="x?amount=9&y")) == "bitcoin:x%3Famount%3D9%26y?amount=1"


def test_the_qr_code_is_a_data_uri() -> None:
    assert qr_picture("bitcoin:addr?amount=1").startswith("data:image/svg+xml")


@pytest.mark.parametrize(
    ("amount", "text"),
    [("30.00", "30"), ("1E-8", "0.00000001"), ("1E+3", "1000"), ("100", "100"), ("0.10", "0.1")],
)
def test_amounts_are_written_without_an_exponent(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_order_numbers_contain_their_time_and_can_not_be_guessed() -> None:
    numbers = {new_order_number(NOON) for _ in range(100)}
    assert len(numbers) == 100
    assert {number.split("-")[1] for number in numbers} == {_base36(int(NOON.timestamp() * 1000))}
    assert {len(number.split("-")[2]) for number in numbers} == {12}


def _base36(number: int) -> str:
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return _base36(number // 36) + digits[number % 36] if number else ""
