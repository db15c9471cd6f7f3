"""Cursors: what they hold comes back, and made-up ones are refused before PostgreSQL sees them."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.api.requests.cursors import continued, cursor_at
from services.gateway.api.requests.problems import Denied
from services.gateway.tables.paging import Key, KeyType, PagedList, PageRequest

LISTED = PagedList(
    name="every-type",
    source="anywhere",
    sorts={"all": tuple(Key(f"k{place}", kind) for place, kind in enumerate(KeyType))},
)
WANTED = PageRequest("all", 10)
INSTANT, TEXT, ID, INTEGER, AMOUNT = range(len(KeyType))
HELD = (datetime(2026, 3, 1, 12, 0, 0, 5, tzinfo=UTC), 'a "b" é', UUID(int=7), -42, Decimal("0.00000015"))


def forged(place: int, text: str) -> str:
    """Return a cursor with another text for one key."""
    parts = msgspec.json.decode(urlsafe_b64decode(cursor_at(LISTED, WANTED, HELD)), type=list[str])
    parts[1 + place] = text
    return urlsafe_b64encode(msgspec.json.encode(parts)).decode()


def test_keys_of_every_type_come_back() -> None:
    assert [kind.value for kind in KeyType] == ["timestamptz", "text", "uuid", "bigint", "numeric"]
    assert continued(LISTED, WANTED, cursor_at(LISTED, WANTED, HELD)).after == HELD
    assert continued(LISTED, WANTED, None) == WANTED


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (INSTANT, "2026-03-01T12:00:00"),
        (INSTANT, "0001-01-01T00:00:00+14:00"),
        (INSTANT, "now"),
        (TEXT, "a\0"),
        (ID, "7"),
        (INTEGER, str(2**63)),
        (INTEGER, "9" * 5000),
        (INTEGER, "1.5"),
        (AMOUNT, "NaN"),
        (AMOUNT, "Infinity"),
        (AMOUNT, "1e999999999"),
        (AMOUNT, "1e-999999999"),
        (AMOUNT, "two"),
    ],
)
def test_a_key_that_postgresql_would_refuse_is_refused(place: int, text: str) -> None:
    with pytest.raises(Denied) as refused:
        continued(LISTED, WANTED, forged(place, text))
    assert (refused.value.status, refused.value.code) == (422, "invalid_request")


@given(st.one_of(st.text(), st.binary().map(lambda raw: urlsafe_b64encode(raw).decode())))
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(Denied):
        continued(LISTED, WANTED, text)


def test_a_cursor_with_too_few_or_too_many_keys_is_refused() -> None:
    for keys in (HELD[:-1], (*HELD, "more")):
        with pytest.raises(Denied):
            continued(LISTED, WANTED, cursor_at(LISTED, WANTED, keys))
