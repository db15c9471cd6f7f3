"""How a wallet is told what to pay: a payment URI, and its picture."""
# segno ships no types
# pyright: reportUnknownMemberType=false

from decimal import Decimal
from urllib.parse import quote, urlencode

import segno

from services.gateway.tables.orders import PaymentState
from services.gateway.tables.values import plain

_WEI = Decimal(10) ** 18


def payment_uri(payment: PaymentState) -> str | None:
    """Return what wallets understand (BIP 21, EIP-681, Solana Pay), or else the bare address.

    None while the provider has not given an address. A coin that lives on several chains gets the bare
    address: its name does not say which chain's wallet is meant.
    """
    if payment.pay_address is None or payment.amount is None:
        return None
    address, amount = quote(payment.pay_address, safe=""), payment.amount
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


def qr_picture(uri: str) -> str:
    """Return a QR code as a data URI, fit for an `img` element."""
    return str(segno.make_qr(uri, error="m").svg_data_uri(scale=4))
