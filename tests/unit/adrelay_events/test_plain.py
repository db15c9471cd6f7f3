"""Event data is shown in plain text without secrets."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from pydantic import BaseModel, SecretStr

from adrelay.terminal.plain import flat, one_line, short
from libs.chassis.plain_values import HIDDEN, Json, plain


class Part(BaseModel):
    name: str
    api_hash: str


@dataclass(frozen=True)
class Whole:
    code_digest: str
    part: Part
    seen: frozenset[str]
    every: timedelta
    paid: Decimal
    token: str | None = None
    kept: SecretStr | None = None


WHOLE = Whole(
    code_digest="abab",
    part=Part(name="x", api_hash="0123"),
    seen=frozenset("cab"),
    every=timedelta(minutes=2),
    paid=Decimal("0.10"),
    kept=SecretStr("hushhush"),
)


def test_fields_named_like_secrets_are_redacted_at_any_depth() -> None:
    shown = plain({"inner": WHOLE})
    assert isinstance(shown, dict)
    assert shown["inner"] == {
        "code_digest": HIDDEN,
        "part": {"name": "x", "api_hash": HIDDEN},
        "seen": ["a", "b", "c"],
        "every": 120.0,
        "paid": "0.10",
        "token": None,
        "kept": "**********",
    }


def test_a_group_named_like_a_secret_is_shown() -> None:
    assert plain({"@my_token": 5}) == {"@my_token": 5}


def test_leaves_are_named_by_their_paths() -> None:
    assert flat({"a": {"b": 1, "c": {}}, "d": [1, {"e": 2}]}) == {"a.b": 1, "a.c": {}, "d": [1, {"e": 2}]}


def test_long_values_are_truncated_with_a_marker() -> None:
    many: list[Json] = ["x"] * 100
    assert short(many, 10).endswith("… (100 in all)")
    assert short("y" * 100, 10) == "y" * 10 + "… (100 characters)"
    assert short("y" * 10, 10) == "y" * 10


def test_an_error_of_many_lines_is_shown_on_one() -> None:
    error = "2 errors\nplan\n  missing\n    For further information visit somewhere\n"
    assert one_line(error) == "2 errors; plan; missing"
