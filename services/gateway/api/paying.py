"""How a wallet is told what to pay: a payment URI, and its picture."""
# segno ships no types
# pyright: reportUnknownMemberType=false

from decimal import Decimal
from urllib.parse import quote, urlencode

import segno

from services.gateway.tables.order_lines import PaymentState
from services.gateway.tables.orders import OrderStatus, PaymentStatus
from services.gateway.tables.values import plain

_WEI = Decimal(10) ** 18


def payment_uri(payment: PaymentState) -> str | None:
    """Return what wallets understand (BIP 21, EIP-681, Solana Pay), or else the bare address.

    It asks for what is still missing. None while the provider has not given an address, and once nothing is
    to be paid any more or the money is on its way: nobody shall pay twice. A coin that lives on several
    chains gets the bare address: its name does not say which chain's wallet is meant.
    """
    amount = _due(payment)
    if payment.pay_address is None or amount is None:
        return None
    address = quote(payment.pay_address, safe="")
    match payment.pay_currency:
        case "BTC":
            return f"bitcoin:{address}?amount={plain(amount)}"
        case "LTC":
            return f"litecoin:{address}?amount={plain(amount)}"
        case "ETH":
            return f"ethereum:{address}?value={plain(amount * _WEI)}"
        case "SOL":
            memo = {"memo": payment.memo} if payment.memo else {}
            return f"solana:{address}?{urlencode({'amount': plain(amount), **memo})}"
        case _:
            return payment.pay_address


def _due(payment: PaymentState) -> Decimal | None:
    """Return how much is to be paid now, None if nothing is."""
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
    """Return a QR code as a data URI, fit for an `img` element."""
    return str(segno.make_qr(uri, error="m").svg_data_uri(scale=4))
