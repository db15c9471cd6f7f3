"""Lists for people, all rendered in the same way: a line for each item, its columns by their form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TypeAlias, cast

if TYPE_CHECKING:
    from adrelay.terminal.screen import Cell

Item: TypeAlias = Mapping[str, Any]


class Form(Enum):
    """How the values of a column are shown."""

    TEXT = auto()
    STATE = auto()
    """In a colour that says what it means."""
    ALARM = auto()
    """In yellow: it needs a person."""
    MOMENT = auto()
    """In UTC, to the second."""
    AMOUNT = auto()
    """Aligned to the right."""
    COUNT = auto()
    """Aligned to the right, and blank instead of zero."""


@dataclass(frozen=True)
class Column:
    """A column of a list. It is left out if no item has a value."""

    head: str
    value: str | Callable[[Item], object]
    """The field with its value, dotted for a part of one; or a function that returns the value.

    Of several values each is on a line of its own, below the item's first.
    """
    form: Form = Form.TEXT


def print_list(items: Sequence[Item], columns: Sequence[Column], nothing: str = "") -> None:
    """Print a line for each item; without any, say what there would be and what to do."""
    from adrelay.terminal.outcome import screen
    from adrelay.terminal.screen import Table

    if not items:
        screen().say(nothing)
        return
    right = [column.head for column in columns if column.form in {Form.AMOUNT, Form.COUNT}]
    table = Table(*(column.head for column in columns), right=right)
    for item in items:
        for row in zip_longest(*(_cells(column, item) for column in columns), fillvalue=""):
            table.add(*row)
    screen().table(table)


def _cells(column: Column, item: Item) -> "list[Cell]":
    value = column.value(item) if callable(column.value) else _field(item, column.value)
    values = cast("list[object]", value) if isinstance(value, list) else [value]
    return [_cell(column, one) for one in values]


def _cell(column: Column, value: object) -> "Cell":
    from adrelay.terminal.moments import moment
    from adrelay.terminal.states import alarm, state

    if value is None or (column.form is Form.COUNT and not value):
        return ""
    text = str(value)
    if column.form is Form.STATE:
        return state(text)
    if column.form is Form.ALARM:
        return alarm(text)
    return moment(text) if column.form is Form.MOMENT and text else text


def _field(item: Item, path: str) -> object:
    value: Any = item
    for name in path.split("."):
        value = value[name]
    return value
