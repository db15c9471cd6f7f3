"""Access tokens, and tokens of another issuer."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from libs.events.gateway import DeviceId
from libs.events.values import AccountId
from services.gateway.api.identity.tokens import LONGEST, ForeignClaims, ForeignTokens, TokenClaims, Tokens
from services.gateway.api.requests.problems import Denied

SECRET = "kV8-token-secret-of-the-tests-2468-and-some-more-characters-for-sha512"
FOREIGN_SECRET = "Fo4eign-secret-of-the-tests-1357-and-some-more-characters-for-sha512"
ISSUER = "https://project.example.org/auth/v1"
SECONDS = 86_400
"""Longer than a run of all tests, at whose beginning tokens are issued."""
TOKENS = Tokens([SecretStr(SECRET)], SECONDS)
FOREIGN = ForeignTokens([SecretStr(FOREIGN_SECRET)], ISSUER, "authenticated")
NOW = datetime.now(UTC).replace(microsecond=0)
ANNA = TokenClaims(AccountId(uuid4()), DeviceId(uuid4()), 3, TOKENS.expiry(NOW))


def issued(claims: TokenClaims = ANNA, at: datetime = NOW) -> str:
    return TOKENS.issue(claims, role="CLIENT", plan_status="ACTIVE", at=at)


def ours(*, secret: str = SECRET, algorithm: str = "HS256", **changed: object) -> str:
    usual = jwt.decode(issued(), options={"verify_signature": False})
    content = {name: value for name, value in (usual | changed).items() if value is not None}
    return jwt.encode(content, secret, algorithm)


def foreign(**changed: object) -> str:
    usual: dict[str, Any] = {
        "iss": ISSUER,
        "aud": "authenticated",
        "sub": str(ANNA.account),
        "iat": NOW,
        "exp": NOW + timedelta(hours=1),
        "role": "ADMIN",
    }
    content = {name: value for name, value in (usual | changed).items() if value is not None}
    return jwt.encode(content, FOREIGN_SECRET, "HS256")


def refusal(tokens: Tokens | ForeignTokens, token: str) -> str:
    with pytest.raises(Denied) as denied:
        tokens.read(token)
    assert denied.value.status == 401
    assert "Bearer" in denied.value.headers["WWW-Authenticate"]
    return denied.value.code


def test_a_token_says_whose_it_is_and_of_which_epoch() -> None:
    assert TOKENS.read(issued()) == ANNA
    assert TOKENS.is_ours(issued())


def test_a_token_has_the_claims_that_front_ends_read() -> None:
    decoded = jwt.decode(issued(), SECRET, ["HS256"], audience="adrelay")
    assert decoded["sub"] == decoded["user_id"] == str(ANNA.account)
    assert (decoded["role"], decoded["plan_status"]) == ("CLIENT", "ACTIVE")
    assert decoded["exp"] - decoded["iat"] == SECONDS


def test_an_expired_token_is_refused_as_such() -> None:
    assert refusal(TOKENS, ours(exp=NOW - timedelta(seconds=1))) == "token_expired"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not.a.token",
        "x" * (LONGEST + 1),
        ours(secret=SECRET + "x"),
        ours(algorithm="HS512"),
        jwt.encode({"sub": "x"}, "", "none"),
        ours(iss="https://elsewhere.example.org"),
        ours(aud="another"),
        ours(sub="anna"),
        ours(device="phone"),
        ours(epoch="newest"),
        ours(iss=None),
        ours(aud=None),
        ours(sub=None),
        ours(device=None),
        ours(epoch=None),
        ours(iat=None),
        ours(exp=None),
    ],
)
def test_a_token_that_is_not_exactly_ours_is_refused(token: str) -> None:
    assert refusal(TOKENS, token) == "invalid_token"


def test_another_issuers_token_names_an_account_by_either_claim_and_gives_no_role() -> None:
    expected = ForeignClaims(ANNA.account, NOW, NOW + timedelta(hours=1))
    assert FOREIGN.read(foreign()) == expected
    assert FOREIGN.read(foreign(sub="auth0|4711", user_id=str(ANNA.account))) == expected
    assert not TOKENS.is_ours(foreign())


@pytest.mark.parametrize(
    "token",
    [
        issued(),
        foreign(iss="https://elsewhere.example.org"),
        foreign(aud="anon"),
        foreign(sub="auth0|4711"),
        foreign(user_id=["a", "list"]),
        *(foreign(**{name: None}) for name in ("iss", "aud", "sub", "exp", "iat")),
    ],
)
def test_a_token_that_is_not_exactly_the_other_issuers_is_refused(token: str) -> None:
    assert refusal(FOREIGN, token) == "invalid_token"


def test_another_issuers_expired_token_is_refused_as_such() -> None:
    assert refusal(FOREIGN, foreign(exp=NOW - timedelta(seconds=1))) == "token_expired"
