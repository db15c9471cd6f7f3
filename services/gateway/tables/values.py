"""The format of values in answers."""

from decimal import Decimal
from typing import Annotated

from pydantic import PlainSerializer


def plain(amount: Decimal) -> str:
    """Return an amount without exponent and trailing zeros: `0.00000015`, `30`."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Money = Annotated[Decimal, PlainSerializer(plain, return_type=str)]
"""An amount in units of its currency, as text, so that clients do not parse it as a float."""
