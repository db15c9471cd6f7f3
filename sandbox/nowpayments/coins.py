"""A made-up market: coins, their fixed rates, minimums and addresses."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from types import MappingProxyType

BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
HEX = "0123456789abcdefABCDEF"

FIAT: Mapping[str, Decimal] = MappingProxyType({"usd": Decimal(1), "eur": Decimal("1.08")})
"""The value in USD of one unit of each price currency."""


@dataclass(frozen=True)
class Coin:
    """A coin that payments may be made in, and the rules of its network."""

    code: str
    network: str
    usd: Decimal
    """The value of one coin in USD; it never changes."""
    precision: int
    """The number of decimal places."""
    minimum: Decimal
    """The minimum payment, in coins."""
    deposit_fee: Decimal
    """The provider's fee for each deposit, in coins."""
    address_prefix: str
    address_length: int
    address_alphabet: str = BASE58

    def rounded(self, amount: Decimal) -> Decimal:
        """Return the amount rounded to the coin's decimal places."""
        return amount.quantize(Decimal(1).scaleb(-self.precision), rounding=ROUND_HALF_UP)

    def address(self, seed: str) -> str:
        """Return the address of ``seed``, always the same.

        It has the form of a real one and contains ``Sandbox``; its checksum is invalid (and its length, on
        Solana), so that no wallet sends real coins to it.
        """
        marker = "5a4dB0c5" if self.address_alphabet == HEX else "Sandbox"
        start = self.address_prefix + marker
        digest = hashlib.sha512(f"{self.code}/{seed}".encode()).digest()
        body = "".join(self.address_alphabet[byte % len(self.address_alphabet)] for byte in digest)
        return (start + body)[: self.address_length]


def memo(seed: str) -> str:
    """Return the memo (destination tag) of ``seed``."""
    return str(100_000_000 + int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) % 900_000_000)


_COINS = (
    Coin("btc", "btc", Decimal("64250.5"), 8, Decimal("0.00003"), Decimal("0.00000015"), "3", 34),
    Coin("eth", "eth", Decimal("3120.25"), 8, Decimal("0.0006"), Decimal("0.000001"), "0x", 42, HEX),
    Coin("sol", "sol", Decimal("152.4"), 9, Decimal("0.012"), Decimal("0.000005"), "", 44),
    Coin("ltc", "ltc", Decimal("84.15"), 8, Decimal("0.02"), Decimal("0.00001"), "M", 34),
    Coin("usdttrc20", "trx", Decimal("1.0004"), 6, Decimal(2), Decimal("0.1"), "T", 34),
    Coin("usdterc20", "eth", Decimal("1.0004"), 6, Decimal(10), Decimal("1.25"), "0x", 42, HEX),
    Coin("xrp", "xrp", Decimal("0.5215"), 6, Decimal(4), Decimal("0.02"), "r", 34),
)

COINS: Mapping[str, Coin] = MappingProxyType({coin.code: coin for coin in _COINS})


def usd_rate(currency: str) -> Decimal | None:
    """Return the value in USD of one unit of a coin or a price currency, None for an unknown one."""
    if (coin := COINS.get(currency)) is not None:
        return coin.usd
    return FIAT.get(currency)


def convert(amount: Decimal, source: str, target: str) -> Decimal:
    """Return the amount converted to the target's units and rounded; both must be known."""
    rates = usd_rate(source), usd_rate(target)
    if rates[0] is None or rates[1] is None:
        raise KeyError(source if rates[0] is None else target)
    exact = amount * rates[0] / rates[1]
    if (coin := COINS.get(target)) is not None:
        return coin.rounded(exact)
    return exact.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
