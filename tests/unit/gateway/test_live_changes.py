"""The ids of live changes."""

from base64 import urlsafe_b64encode
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.values import AccountId
from services.gateway.live.changes import EVERYTHING, accounts_of, key_of, mark_of
from services.gateway.tables.changes import SOURCES

positions = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))


@given(st.fixed_dictionaries(dict.fromkeys(SOURCES, positions)))
def test_an_id_names_a_position_in_each_source(mark: dict[str, tuple[int, int]]) -> None:
    assert mark_of(key_of(mark)) == mark
    assert len(key_of(mark)) <= 400


def test_a_source_that_has_no_position_yet_is_at_its_beginning() -> None:
    assert mark_of(key_of({"billing": (3, 4)})) == dict.fromkeys(SOURCES, (0, 0)) | {"billing": (3, 4)}


@pytest.mark.parametrize(
    "content",
    [b"", b"x", b"{}", b"[]", b"[[0,0]]", b"[[0,0],[0,0],[0,0],[0,0],[0,-1]]", b"[1,2,3,4,5]", b"\xff"],
)
def test_what_is_no_id_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        mark_of(urlsafe_b64encode(content).decode())


def test_who_listens_to_everything_gets_all_accounts() -> None:
    account = AccountId(uuid4())
    assert accounts_of({EVERYTHING, account}) is None
    assert accounts_of({account}) == [account]
