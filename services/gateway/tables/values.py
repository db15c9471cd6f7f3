"""The base of answers, and the format of values in them."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema


class View(BaseModel):
    """A part of an answer; docstrings of its fields are their descriptions in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def plain(amount: Decimal) -> str:
    """Return an amount without exponent and trailing zeros: `0.00000015`, `30`."""
    text = format(amount, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


Money = Annotated[
    Decimal,
    PlainSerializer(plain, return_type=str),
    WithJsonSchema(
        {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"},
        mode="serialization",
    ),
]
"""An amount in units of its currency, as text, so that clients do not parse it as a float."""
