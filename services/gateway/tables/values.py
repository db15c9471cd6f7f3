"""How values look in answers."""

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer


def plain(amount: Decimal) -> str:
    """Return an amount without exponent and without zeros that say nothing: `0.00000015`, `30`."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Money = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An amount in its currency's units, written as text so that no reader makes a float of it."""
