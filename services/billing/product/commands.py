"""The commands of a product."""

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from libs.events.values import Plan


@dataclass(frozen=True, slots=True)
class IntroduceProduct:
    """Add a product that was never listed; a known one stays as it is."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class ListProduct:
    """Put a new product, or a retired one, on sale."""

    plan: Plan


@dataclass(frozen=True, slots=True)
class RepriceProduct:
    """Change the price of a product on sale."""

    price_usd: Decimal


@dataclass(frozen=True, slots=True)
class RetireProduct:
    """Take a product off sale."""


Command: TypeAlias = IntroduceProduct | ListProduct | RepriceProduct | RetireProduct
