"""Payment URIs for wallets, and their QR codes."""
# segno has no type hints
# pyright: reportUnknownMemberType=false

import re
from decimal import Decimal
from urllib.parse import quote, urlencode

import segno

from services.gateway.tables.order_lines import PaymentState
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.values import plain

_WEI = Decimal(10) ** 18
_NANO = Decimal(10) ** 9
_URIS = {
    "BTC": "bitcoin:{to}?amount={amount}",
    "LTC": "litecoin:{to}?amount={amount}",
    "ETH": "ethereum:{to}?value={wei}",
    "SOL": "solana:{to}?amount={amount}",
    "XRP": "xrp:{to}?amount={amount}",
    "XLM": "web+stellar:pay?destination={to}&amount={amount}",
    "TON": "ton://transfer/{to}?amount={nano}",
}
_DESTINATION_TAG = re.compile(r"0|[1-9][0-9]{0,9}", re.ASCII)
_LARGEST_TAG = 2**32 - 1
_LONGEST_MEMO_TEXT = 28
"""The limit on Stellar, in bytes."""


def payment_uri(payment: PaymentState) -> str | None:
    """Return a payment URI for the amount due, or the address for a coin without a URI scheme.

    The schemes are those of BIP 21, EIP-681, Solana Pay, XLS-2, SEP-7 and TON. None before the provider gave
    an address, and once nothing is due or a payment is on its way, lest somebody pay twice. A coin of several
    chains gets the plain address: its name does not say which chain's wallet is needed. None too if no URI
    can contain the memo: a payment without it may be lost.
    """
    amount = _due(payment)
    if payment.pay_address is None or amount is None:
        return None
    if payment.memo:
        return _with_memo(payment.pay_currency, payment.pay_address, amount, payment.memo)
    return _without_memo(payment.pay_currency, payment.pay_address, amount)


def _without_memo(coin: str, to: str, amount: Decimal) -> str:
    pattern = _URIS.get(coin)
    if pattern is None:
        return to
    return pattern.format(
        to=quote(to, safe=""), amount=plain(amount), wei=plain(amount * _WEI), nano=plain(amount * _NANO)
    )


def _with_memo(coin: str, to: str, amount: Decimal, memo: str) -> str | None:
    """Return a URI with the memo, None if the coin's scheme can't contain it."""
    uri, written = _without_memo(coin, to, amount), quote(memo, safe="")
    match coin:
        case "SOL":
            return f"{uri}&{urlencode({'memo': memo})}"
        case "XRP" if _DESTINATION_TAG.fullmatch(memo) and int(memo) <= _LARGEST_TAG:
            return f"{uri}&dt={memo}"
        case "XLM" if len(memo.encode()) <= _LONGEST_MEMO_TEXT:
            kind = "MEMO_ID" if memo.isascii() and memo.isdigit() else "MEMO_TEXT"
            return f"{uri}&memo={written}&memo_type={kind}"
        case "TON":
            return f"{uri}&text={written}"
        case _:
            return None


def _due(payment: PaymentState) -> Decimal | None:
    """Return the amount to pay now, None if there is none."""
    if payment.order_status is not OrderStatus.PENDING:
        return None
    match payment.status:
        case PaymentStatus.WAITING:
            return payment.amount
        case PaymentStatus.PARTIALLY_PAID:
            return payment.missing
        case _:
            return None


def qr_picture(uri: str) -> str:
    """Return a QR code as a data URI for an `img` element."""
    return str(segno.make_qr(uri, error="m").svg_data_uri(scale=4))
