"""Shapes that several routes share."""

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

T = TypeVar("T")


class Body(BaseModel):
    """What a client sends; unknown fields are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class Listing(BaseModel, Generic[T]):
    """Several of a kind."""

    items: list[T]


Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many items.")]


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


Printable = AfterValidator(_printable)
WithoutNul = AfterValidator(_without_nul)
"""Databases take no NUL in a text. Stands behind `StringConstraints`, which refuse half a surrogate pair."""
Lower = BeforeValidator(_lower)
Upper = BeforeValidator(_upper)
