"""The ids of live changes."""

import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.values import AccountId
from services.gateway.live.changes import EVERYTHING, RESUMED, Resumption, accounts_of, key_of, resumption_of
from services.gateway.live.message import Message
from services.gateway.tables.changes import CHANGES_KEPT, SOURCES

NOW = datetime.now(UTC)
WITH_TIME = b"[[0,0],[0,0],[0,0],[0,0],[0,0]]"
positions = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))


@given(st.fixed_dictionaries(dict.fromkeys(SOURCES, positions)), st.integers(0, 2**37))
def test_an_id_names_a_position_in_each_source_and_a_time(
    mark: dict[str, tuple[int, int]], seconds: int
) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert resumption_of(key_of(mark, at)) == Resumption(mark, at)
    assert len(key_of(mark, at)) <= 400


def test_an_id_of_an_older_version_has_no_time() -> None:
    older = urlsafe_b64encode(json.dumps([(1, 2)] * len(SOURCES)).encode()).decode()
    assert resumption_of(older) == Resumption(dict.fromkeys(SOURCES, (1, 2)), None)


def test_a_source_that_has_no_position_yet_is_at_its_beginning() -> None:
    expected = dict.fromkeys(SOURCES, (0, 0)) | {"billing": (3, 4)}
    assert resumption_of(key_of({"billing": (3, 4)}, NOW)).mark == expected


@pytest.mark.parametrize(
    ("away", "missed", "more"),
    [
        (timedelta(0), 0, False),
        (timedelta(0), RESUMED - 1, False),
        (timedelta(0), RESUMED, True),
        (CHANGES_KEPT - timedelta(minutes=1), 0, False),
        (CHANGES_KEPT + timedelta(minutes=1), 0, True),
        (None, 0, False),
    ],
)
def test_who_was_away_for_longer_than_changes_are_kept_is_told_to_look_again(
    away: timedelta | None, missed: int, *, more: bool
) -> None:
    at = None if away is None else datetime.now(UTC) - away
    one = Message("topic", "change", "{}", "", "billing", (1, 1))
    assert Resumption({}, at).misses_more_than([one] * missed) is more


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"x",
        b"{}",
        b"[]",
        b"[[0,0]]",
        b"[[0,0],[0,0],[0,0],[0,0],[0,-1]]",
        b"[1,2,3,4,5]",
        b"\xff",
        WITH_TIME[:-1] + b",-1]",
        WITH_TIME[:-1] + b",1,2]",
    ],
)
def test_what_is_no_id_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        resumption_of(urlsafe_b64encode(content).decode())


def test_who_listens_to_everything_gets_all_accounts() -> None:
    account = AccountId(uuid4())
    assert accounts_of({EVERYTHING, account}) is None
    assert accounts_of({account}) == [account]
