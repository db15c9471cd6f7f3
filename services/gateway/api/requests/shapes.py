"""Types of requests and answers that several routes share."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Path, Query
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import core_schema

from libs.events.values import OrderNumber
from services.gateway.mail.addresses import canonical
from services.gateway.tables.values import View

T = TypeVar("T")

_PRICE = r"[0-9]{1,8}(\.[0-9]{1,2})?"


class Body(BaseModel):
    """A request body; unknown fields are rejected, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True, use_attribute_docstrings=True)


class Listing(View, Generic[T]):
    """A list of items."""

    items: list[T]


class Page(Listing[T], Generic[T]):
    """A page of items."""

    next: str | None = Field(description="Send it as `cursor` to get the next page; null on the last one.")


Limit = Annotated[int, Query(ge=1, le=1000, description="The maximum of items.")]
OrderNumberPath = Annotated[OrderNumber, Path(description="An order's number.")]


def _printable(text: str) -> str:
    if not text.isprintable():
        message = "holds characters that can't be seen"
        raise ValueError(message)
    return text


def _without_nul(text: str) -> str:
    if "\0" in text:
        message = "holds a NUL character"
        raise ValueError(message)
    return text


def _lower(text: object) -> object:
    return text.strip().lower() if isinstance(text, str) else text


def _upper(text: object) -> object:
    return text.strip().upper() if isinstance(text, str) else text


def _price(given: object) -> Decimal:
    """Parse text as an amount in dollars and cents; floats, NaN and exponents are rejected."""
    if not isinstance(given, str) or not re.fullmatch(_PRICE, given):
        message = 'is no amount of dollars and cents, written as a text like "30.00"'
        raise ValueError(message)
    return Decimal(given)


@dataclass(frozen=True)
class Form:
    """Checks a text by a rule of our own, and declares its form in the OpenAPI document."""

    check: Callable[[str], str]
    pattern: str

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Return pydantic's schema: the check comes after the others."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema with the pattern."""
        return handler(schema) | {"pattern": self.pattern}


Printable = AfterValidator(_printable)
Mailbox = AfterValidator(canonical)
"""Canonicalizes an address; one that can't receive mails is rejected, lest a client pay and get no code."""
WithoutNul = Form(_without_nul, r"^[^\x00]*$")
"""PostgreSQL can't store NUL in text. Put it after `StringConstraints`, which reject lone surrogates."""
Filled = Form(_without_nul, r"^[^\x00]*[^\s\x00][^\x00]*$")
"""The same for a text whose outer blanks are removed, and that must not be empty then."""
Lower = BeforeValidator(_lower)
Upper = BeforeValidator(_upper)
Price = Annotated[
    Decimal,
    Field(gt=0, examples=["30.00"]),
    BeforeValidator(_price),
    WithJsonSchema({"type": "string", "pattern": f"^(?=.*[1-9]){_PRICE}$"}, mode="validation"),
]


class ReasonBody(Body):
    """The operator's reason."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True), Filled]
