"""Tokens that were verified before, and queries that are shared."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from libs.events.gateway import DeviceId
from libs.events.values import AccountId
from services.gateway.api.identity import known_tokens
from services.gateway.api.identity.known_tokens import KnownTokens
from services.gateway.api.identity.shared_query import SharedQuery
from services.gateway.api.identity.tokens import TokenClaims, Tokens
from services.gateway.api.requests.problems import Denied

SECRET = "kV8-token-secret-of-the-tests-2468-and-some-more-characters"
NOW = datetime.now(UTC).replace(microsecond=0)
ANNA = TokenClaims(AccountId(uuid4()), DeviceId(uuid4()), 3, NOW + timedelta(days=1))


def issued(tokens: Tokens) -> str:
    return tokens.issue(ANNA, role="CLIENT", plan_status="ACTIVE", at=NOW)


def test_a_token_is_verified_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens([SecretStr(SECRET)], 900)
    token = issued(tokens)
    assert tokens.read(token) == ANNA
    monkeypatch.setattr(jwt, "decode", None)
    assert tokens.read(token) == ANNA


def test_a_known_token_expires_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens([SecretStr(SECRET)], 900)
    token = issued(tokens)
    assert tokens.read(token) == ANNA
    monkeypatch.setattr(known_tokens, "utc_now", lambda: ANNA.expires_at)
    monkeypatch.setattr(jwt, "decode", _expired)
    with pytest.raises(Denied) as denied:
        tokens.read(token)
    assert denied.value.code == "token_expired"


def _expired(*_: object, **__: object) -> None:
    raise jwt.ExpiredSignatureError


def test_a_known_token_makes_no_similar_one_known() -> None:
    tokens = Tokens([SecretStr(SECRET)], 900)
    token = issued(tokens)
    tokens.read(token)
    head, claims, signature = token.split(".")
    end = "QQQQ" if signature.endswith("AAAA") else "AAAA"
    other = f"{head}.{claims}.{signature[:-4]}{end}"
    with pytest.raises(Denied):
        tokens.read(other)


def test_the_oldest_known_tokens_are_forgotten_above_a_limit() -> None:
    known = KnownTokens[TokenClaims](most=2)
    for token in ("a", "b", "c"):
        known.add(token, ANNA)
    assert [known.get(token) is not None for token in ("a", "b", "c")] == [False, True, True]
    assert len(known) == 2


class Asked:
    """A query that waits until it may end, and notes about what it was asked."""

    def __init__(self) -> None:
        self.about: list[list[int]] = []
        self.begun, self.may_end = asyncio.Event(), asyncio.Event()

    async def __call__(self, subjects: Sequence[int]) -> Sequence[int]:
        self.about.append(list(subjects))
        self.begun.set()
        await self.may_end.wait()
        if 13 in subjects:
            raise ConnectionError
        return [10 * subject for subject in subjects]


async def test_who_asks_while_a_query_runs_shares_the_next_one() -> None:
    query = Asked()
    shared = SharedQuery(query)
    async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
        first = tasks.create_task(shared.ask(1))
        await query.begun.wait()
        later = [tasks.create_task(shared.ask(subject)) for subject in (2, 3, 2)]
        await asyncio.sleep(0)
        assert query.about == [[1]]  # an answer would be older than the later questions
        query.may_end.set()
    assert [first.result(), *(one.result() for one in later)] == [10, 20, 30, 20]
    assert query.about == [[1], [2, 3, 2]]


async def test_a_query_that_fails_fails_for_those_who_asked_and_not_for_later_ones() -> None:
    query = Asked()
    query.may_end.set()
    shared = SharedQuery(query)
    async with asyncio.timeout(10):
        failed = await asyncio.gather(shared.ask(12), shared.ask(13), return_exceptions=True)
        assert [type(one) for one in failed] == [ConnectionError, ConnectionError]
        assert await shared.ask(4) == 40


async def test_who_does_not_wait_any_more_disturbs_nobody() -> None:
    query = Asked()
    shared = SharedQuery(query)
    async with asyncio.timeout(10):
        gone, stays = asyncio.create_task(shared.ask(1)), asyncio.create_task(shared.ask(2))
        await query.begun.wait()
        gone.cancel()
        query.may_end.set()
        assert await stays == 20
        with pytest.raises(asyncio.CancelledError):
            await gone
