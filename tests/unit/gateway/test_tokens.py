"""Access tokens."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from libs.events.gateway import Role
from libs.events.values import AccountId
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.tokens import Identity, Tokens

SECRET = "kV8-token-secret-of-the-tests-2468-and-some-more-characters-for-sha512"
TOKENS = Tokens(SecretStr(SECRET), 3600)
ANNA = Identity(AccountId(uuid4()), Role.CLIENT)


def now() -> datetime:
    return datetime.now(UTC)


def claims(**changed: object) -> dict[str, Any]:
    usual = {"sub": str(ANNA.account), "role": "CLIENT", "iat": now(), "exp": now() + timedelta(hours=1)}
    return {**usual, **changed}


def refusal(token: str) -> str:
    with pytest.raises(Denied) as denied:
        TOKENS.read(token)
    assert denied.value.status == 401
    assert "Bearer" in denied.value.headers["WWW-Authenticate"]
    return denied.value.code


def test_a_token_identifies_its_account() -> None:
    assert TOKENS.read(TOKENS.issue(ANNA, "ACTIVE", now())) == ANNA


def test_a_token_has_the_claims_that_front_ends_read() -> None:
    token = TOKENS.issue(ANNA, "ACTIVE", now())
    decoded = jwt.decode(token, SECRET, ["HS256"])
    assert decoded["sub"] == decoded["user_id"] == str(ANNA.account)
    assert (decoded["role"], decoded["plan_status"]) == ("CLIENT", "ACTIVE")
    assert decoded["exp"] - decoded["iat"] == 3600


def test_an_expired_token_is_refused_as_such() -> None:
    assert refusal(TOKENS.issue(ANNA, "ACTIVE", now() - timedelta(hours=2))) == "token_expired"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "not.a.token",
        jwt.encode(claims(), SECRET + "x", "HS256"),
        jwt.encode(claims(), SECRET, "HS512"),
        jwt.encode(claims(), "", "none"),
        jwt.encode(claims(sub="anna"), SECRET, "HS256"),
        jwt.encode(claims(role="EMPEROR"), SECRET, "HS256"),
        jwt.encode({name: value for name, value in claims().items() if name != "exp"}, SECRET, "HS256"),
        jwt.encode({name: value for name, value in claims().items() if name != "sub"}, SECRET, "HS256"),
    ],
    ids=["empty", "garbage", "another secret", "HS512", "unsigned", "foreign", "role", "endless", "nobody"],
)
def test_a_token_with_another_signature_is_refused(token: str) -> None:
    assert refusal(token) == "invalid_token"
