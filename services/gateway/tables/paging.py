"""Lists in pages: statements that begin after the last row of the page before (keyset pagination)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import cast
from uuid import UUID

from libs.eventsourcing import Row, Sql

KeyValue = datetime | str | UUID | int | Decimal


class KeyType(StrEnum):
    """The PostgreSQL type of a key."""

    INSTANT = "timestamptz"
    TEXT = "text"
    ID = "uuid"
    INTEGER = "bigint"
    AMOUNT = "numeric"


@dataclass(frozen=True, slots=True)
class Key:
    """An expression that rows are ordered by, never null."""

    sql: str
    type: KeyType


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The page of a list that is asked for."""

    sort: str
    """A name in the list's `sorts`; with a `-` before it, in descending order."""
    limit: int
    scope: tuple[object, ...] = ()
    """The values of `$1`, `$2` … in the list's `source` and `where`: whose list it is."""
    filters: Mapping[str, object] = field(default_factory=dict[str, object])
    """The values of the list's filters; None: not applied. A tuple has several values for one filter."""
    after: tuple[KeyValue, ...] | None = None
    """The keys of the last row of the page before."""


@dataclass(frozen=True, slots=True)
class PageRows:
    """The rows of a page, and the keys of its last row if there is another page."""

    rows: Sequence[Row]
    last: tuple[KeyValue, ...] | None


@dataclass(frozen=True, slots=True)
class PageItems:
    """The items of a page as JSON, separated by commas, and the last one's keys if there is another page."""

    items: str
    last: tuple[KeyValue, ...] | None
    page_fields: str = "{}"
    """What the page has besides its items, a JSON object."""


@dataclass(frozen=True, slots=True)
class PagedList:
    """A list that is read in pages: what it shows, its filters and its orders."""

    name: str
    """Names the list in its cursors."""
    source: str
    sorts: Mapping[str, tuple[Key, ...]]
    """Keys by the name of the order; together they are unique. An index has them, unless lists are short."""
    filters: Mapping[str, str] = field(default_factory=dict[str, str])
    """Conditions by the name of the filter, with `{}` where its value belongs, or `{0}` and `{1}`."""
    where: str = "true"
    fields: str = ""
    """The fields of an item, a list of selected expressions: a row has the item's JSON as `item`."""
    extra: str = ""
    """Further columns of a row: what an item is made of in Python, entirely or in part."""
    page_fields: str = ""
    """What a page has besides its items, a list of selected expressions; not with `extra`."""
    item: Callable[[Row], str] = itemgetter("item")
    """Returns the JSON of a row's item."""

    def keys(self, sort: str) -> tuple[Key, ...]:
        """Return the keys of an order."""
        return self.sorts[sort.removeprefix("-")]

    def statement(self, wanted: PageRequest) -> tuple[str, list[object]]:
        """Return the statement of a page and its arguments; one row more shows that there is another page."""
        keys, values = self.keys(wanted.sort), list(wanted.scope)
        descending = wanted.sort.startswith("-")
        conditions = [self.where]
        for name, value in wanted.filters.items():
            if value is not None:
                conditions.append(self._condition(name, value, values))
        if wanted.after is not None:
            conditions.append(_after(keys, wanted.after, values, descending=descending))
        shown = [f"{key.sql} as key_{place}" for place, key in enumerate(keys)]
        shown += [item_of(self.fields)] * bool(self.fields) + [self.extra] * bool(self.extra)
        order = ", ".join(f"{key.sql}{' desc' if descending else ''}" for key in keys)
        text = (
            f"select {', '.join(shown)} from {self.source} "  # noqa: S608 - constants
            # as a parameter, the limit would be unknown to a plan that is made once for all values
            f"where {' and '.join(conditions)} order by {order} limit {wanted.limit + 1:d}"
        )
        return text, values

    def _condition(self, name: str, value: object, values: list[object]) -> str:
        given = cast("tuple[object, ...]", value) if isinstance(value, tuple) else (value,)
        values.extend(given)
        first = len(values) - len(given) + 1
        return f"({self.filters[name].format(*(f'${first + place}' for place in range(len(given))))})"


def item_of(fields: str) -> str:
    """Return the column `item`: an object with these fields, as JSON."""
    return f"{_object_of(fields)} as item"


def _object_of(fields: str) -> str:
    return f"(select to_json(shown) from (select {fields}) as shown)::text"  # noqa: S608 - constants


def instant(column: str) -> str:
    """Return an instant as answers show it: in UTC, with microseconds unless they are zero."""
    text = f"""to_char({column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
    return f"replace({text}, '.000000', '')"


def amount(column: str) -> str:
    """Return an amount as answers show it: as text, without trailing zeros."""
    return f"trim_scale({column})::text"


def holds(*columns: str) -> str:
    """Return the condition of a filter that one of these texts holds the value, in any case."""
    return f"position(lower({{}}) in lower(concat_ws(' ', {', '.join(columns)}))) > 0"


async def page_of(sql: Sql, listed: PagedList, wanted: PageRequest) -> PageRows:
    """Return a page of a list."""
    text, values = listed.statement(wanted)
    rows = await sql.fetch(text, *values)
    if len(rows) <= wanted.limit:
        return PageRows(rows, None)
    last = rows[wanted.limit - 1]
    keys = tuple(last[f"key_{place}"] for place in range(len(listed.keys(wanted.sort))))
    return PageRows(rows[: wanted.limit], keys)


async def items_of(sql: Sql, listed: PagedList, wanted: PageRequest) -> PageItems:
    """Return the items of a page of a list that renders them itself."""
    if listed.extra:
        found = await page_of(sql, listed, wanted)
        return PageItems(",".join(map(listed.item, found.rows)), found.last)
    text, values = listed.statement(wanted)
    keys = [f"key_{place}" for place in range(len(listed.keys(wanted.sort)))]
    last = ", ".join(f"(array_agg({key}))[{wanted.limit:d}] as {key}" for key in keys)
    # one row for the page: decoding a row in Python costs more than adding it to an array
    row = await sql.fetchrow(
        f"select array_to_string((array_agg(item))[:{wanted.limit:d}], ',') as items, "  # noqa: S608 - constants
        f"count(*) > {wanted.limit:d} as more, {_page_fields_of(listed)} as page_fields, {last} "
        f"from ({text}) as page",
        *values,
    )
    assert row is not None  # noqa: S101 - an aggregate has a row
    following = tuple(row[key] for key in keys) if row["more"] else None
    return PageItems(row["items"] or "", following, row["page_fields"])


def _page_fields_of(listed: PagedList) -> str:
    return _object_of(listed.page_fields) if listed.page_fields else "'{}'"


def _after(keys: Sequence[Key], after: Sequence[KeyValue], values: list[object], *, descending: bool) -> str:
    sign = "<" if descending else ">"
    begin = len(values) + 1
    values.extend(after)
    given = [f"${begin + place}::{key.type}" for place, key in enumerate(keys)]
    compared = f"({', '.join(key.sql for key in keys)}) {sign} ({', '.join(given)})"
    # by the first key alone, partitions can be left out
    return f"{keys[0].sql} {sign}= {given[0]} and {compared}" if len(keys) > 1 else compared
