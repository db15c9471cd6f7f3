"""Validation errors in plain words."""

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from libs.chassis.words import wrong
from libs.events.values import Amount, ChannelRef, Coin, EmailAddress, GroupRef, OrderNumber, PlanKind, Post

FOREIGN = re.compile(r"pattern|\^|Input|Value error|String|[Pp]ydantic|[a-z]Error")


def _refuse(_: str) -> str:
    raise ValueError("is no address that mails can be sent to")


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (OrderNumber, "nonsense", "must be an order number such as HQADZ-MWPM0SFH-9J8ZHS6IAHLL"),
        (EmailAddress, "some one", "must be an e-mail address such as client@example.com"),
        (EmailAddress, "x", "must have at least 3 characters"),
        (Coin, "btc", "must be a coin in capitals, such as BTC"),
        (
            GroupRef,
            "x",
            "must be a group such as @name, +invitehash or -1001234567890, with /topic if it has one",
        ),
        (ChannelRef, "x", "must be a channel such as @name or -1001234567890"),
        (Annotated[str, Field(pattern="^x+$")], "y", "does not have the form that is asked for"),
        (Annotated[str, Field(min_length=1)], "", "is empty"),
        (Annotated[str, Field(max_length=3)], "four", "must have at most 3 characters"),
        (Annotated[list[int], Field(max_length=1)], [1, 2], "must have at most 1 entries"),
        (Annotated[int, Field(ge=1)], 0, "must be at least 1"),
        (Annotated[int, Field(le=9)], 10, "must be at most 9"),
        (list[int], 5, "must be a list"),
        (tuple[int, ...], {}, "must be a list"),
        (frozenset[int], 5, "must be a list"),
        (dict[str, int], 5, "must be an object"),
        (int, "x", "must be a whole number"),
        (int, 1.5, "must be a whole number"),
        (float, "x", "must be a number"),
        (bool, "x", "must be true or false"),
        (Amount, "x", "must be an amount such as 30.00"),
        (Amount, Decimal(0), "must be more than 0"),
        (Amount, Decimal("NaN"), "must be a finite number"),
        (UUID, "x", "must be an id such as 5eefaa91-bf04-5a36-aaf3-3ff734c9ab9c"),
        (datetime, "x", "must be a time such as 2026-05-01T12:00:00Z"),
        (PlanKind, "x", "must be 'starter' or 'enterprise'"),
        (Literal["a", "b"], "x", "must be 'a' or 'b'"),
        (Post, {"kind": "x"}, "must say one of 'link', 'text' as its 'kind'"),
        (Post, {}, "must say what it is"),
        (Strict, {}, "is missing"),
        (Strict, {"name": "x", "nme": "y"}, "is not known here; is it misspelt?"),
        (Strict, 5, "must be an object"),
        (str, 5, "must be a text"),
        (Annotated[str, AfterValidator(_refuse)], "x", "is no address that mails can be sent to"),
    ],
)
def test_each_kind_of_validation_error_has_a_plain_text(kind: Any, value: object, text: str) -> None:  # noqa: ANN401 - any type
    with pytest.raises(ValidationError) as invalid:
        TypeAdapter[object](kind).validate_python(value)
    problem = invalid.value.errors()[0]
    assert wrong(problem) == text
    assert not FOREIGN.search(wrong(problem))
    assert not FOREIGN.search(wrong({**problem, "ctx": {}})), "also where the details were left out"


def test_malformed_json_and_unknown_errors_have_a_text_too() -> None:
    parse: Callable[[str], object] = TypeAdapter(int).validate_json
    with pytest.raises(ValidationError) as invalid:
        parse("{")
    assert wrong(invalid.value.errors()[0]) == "is no valid JSON"
    assert (
        wrong({"type": "a_new_one", "msg": "Input should be new"})
        == "does not have the form that is asked for"
    )
