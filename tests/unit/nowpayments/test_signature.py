"""Verifying `x-nowpayments-sig`: the published vector, and bodies that other implementations get wrong."""

import hashlib
import hmac
import json
import time
from typing import TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.nowpayments.reading import MAX_BODY_BYTES, MAX_DEPTH, MAX_VALUES, Unreadable, parse
from libs.nowpayments.signature import is_verified, secret_from

VECTOR = (
    '{"payment_id":1,"fee":{"withdrawalFee":0,"currency":"btc","depositFee":1.5e-7},'
    '"order_description":"é/x","pay_amount":0.000001}'
).encode()
VECTOR_SIGNATURE = (
    "a32f79ba54968d59288e2566062c21c77950ee9aca6261168db8da4a5b9810c2"
    "f72199ad82f4ef8154fc6aee88789a415163f3e0bb3d00342a21ea01ecaa6467"
)
MOST_SECONDS = 0.02
"""Seconds; a few milliseconds of work, on a machine that is busy with something else."""
SECRET = b"secret"

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | bool | None"


def sign(form: str) -> str:
    return hmac.new(b"secret", form.encode(), hashlib.sha512).hexdigest()


def verified(body: bytes, signature: str, secret: bytes = SECRET) -> bool:
    return is_verified([secret], body, signature)


def test_the_published_vector_is_verified() -> None:
    assert verified(VECTOR, VECTOR_SIGNATURE)
    assert verified(VECTOR, VECTOR_SIGNATURE.upper())


def test_space_around_the_secret_does_not_count() -> None:
    assert verified(VECTOR, VECTOR_SIGNATURE, secret_from(" secret\n"))


@pytest.mark.parametrize("secret", ["", " \n"])
def test_an_empty_secret_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="empty"):
        secret_from(secret)


def test_no_signature_is_verified_with_an_empty_secret() -> None:
    with pytest.raises(ValueError, match="empty"):
        is_verified([b""], VECTOR, VECTOR_SIGNATURE)


@pytest.mark.parametrize("signature", ["", "0", "é", VECTOR_SIGNATURE[:-1], VECTOR_SIGNATURE[:-1] + "0"])
def test_another_signature_is_rejected(signature: str) -> None:
    assert not verified(VECTOR, signature)


def test_a_signature_with_another_secret_is_rejected() -> None:
    assert not verified(VECTOR, VECTOR_SIGNATURE, b"Secret")


def test_a_signature_over_the_received_bytes_is_verified() -> None:
    body = b'{"b": 55.00, "a": [1]}'
    assert verified(body, sign(body.decode()))
    assert not verified(body + b" ", sign(body.decode()))


@pytest.mark.parametrize(
    ("body", "form"),
    [
        ('{"b":1,"a":2}', '{"a":2,"b":1}'),
        ('{"b":55.00,"a":[2.50]}', '{"a":[2.5],"b":55}'),
        ('{"b":55.00,"a":[2.50]}', '{"a":{"0":2.5},"b":55}'),
        ('{ "b" : 30.0 , "a" : 1e-06 }', '{"a":1e-06,"b":30.0}'),
        (
            '{"a":12345678901234567890.123456789012345678901}',
            '{"a":12345678901234567890.123456789012345678901}',
        ),
        ('{"a":{"d":1,"c":{"f":2,"e":3}}}', '{"a":{"c":{"e":3,"f":2},"d":1}}'),
        ('{"a":[{"c":1,"b":2},[3]]}', '{"a":[{"b":2,"c":1},[3]]}'),
        ('{"a":[{"c":1,"b":2},[3]]}', '{"a":{"0":{"b":2,"c":1},"1":{"0":3}}}'),
        (
            '{"a":[0,1,2,3,4,5,6,7,8,9,1]}',
            '{"a":{"0":0,"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":1}}',
        ),
        ('{"a":[]}', '{"a":{}}'),
        ('{"b":1,"10":2,"9":3}', '{"9":3,"10":2,"b":1}'),
        ('{"a":"\\u00e9\\/\\"\\n\\u001f"}', '{"a":"é/\\"\\n\\u001f"}'),
        ('{"a":"\\ud83d\\ude00 \\ud83d"}', '{"a":"😀 \\ud83d"}'),
        ('{"\uff5e":1,"😀":2}', '{"😀":2,"\uff5e":1}'),
        ('{"a":true,"b":false,"c":null}', '{"a":true,"b":false,"c":null}'),
    ],
)
def test_a_signature_over_the_providers_serialization_is_verified(body: str, form: str) -> None:
    assert verified(body.encode(), sign(form))


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not_json"),
        (b"nonsense", "not_json"),
        (b'{"a":1', "not_json"),
        (b'{"a":NaN}', "not_finite"),
        (b'{"a":-Infinity}', "not_finite"),
        (b'{"a":1,"a":1}', "duplicate_key"),
        (b'{"a":1,"\\u0061":1}', "duplicate_key"),
        (b'{"a":{"b":1,"b":2}}', "duplicate_key"),
        (b'{"a":"\xff"}', "not_utf8"),
        (b"\xef\xbb\xbf{}", "not_json"),
        ('{"a":1}'.encode("utf-16"), "not_utf8"),
        (b"[" * 8000 + b"]" * 8000, "too_many_values"),
        (b'{"a":"' + b"x" * MAX_BODY_BYTES + b'"}', "too_large"),
        (b"[" + b"1," * MAX_VALUES + b"1,1]", "too_many_values"),
    ],
)
def test_an_ambiguous_body_is_rejected_with_any_signature(body: bytes, why: str) -> None:
    assert not verified(body, sign('{"a":1}'))
    with pytest.raises(Unreadable) as caught:
        parse(body)
    assert caught.value.why == why


def test_a_deeply_nested_body_is_verified_by_its_bytes_only() -> None:
    deep = "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2)
    assert not verified(f" {deep}".encode(), sign(deep))


def repeated(item: str, times: int) -> bytes:
    return f"[{','.join([item] * times)}]".encode()


def filled(item: str) -> bytes:
    """Return a body of the largest size, made of one repeated element."""
    return repeated(item, (MAX_BODY_BYTES - 2) // (len(item.encode()) + 1))


LARGEST = {
    "one text": b'"' + b"\\u00e9" * ((MAX_BODY_BYTES - 2) // 6) + b'"',
    "half surrogates": b'"' + b"\\ud800" * ((MAX_BODY_BYTES - 2) // 6) + b'"',
    "one number": b"9" * MAX_BODY_BYTES,
    "numbers": filled("1"),
    "nothings": filled("[]"),
    "keys": (
        "{" + ",".join(f'"{number:x}":{{}}' for number in range(5000, 5000 + MAX_VALUES // 2)) + "}"
    ).encode(),
    "deep arrays": repeated("[" * 15 + "]" * 15, MAX_VALUES // 16 - 1),
    "deep objects": repeated('{"é":' * 15 + "1" + "}" * 15, MAX_VALUES // 16 - 1),
    "as many texts as may be": repeated('"' + "é" * 10 + '"', MAX_VALUES - 1),
    "never closed": b"[" * MAX_BODY_BYTES,
    "texts": filled('"' + "é" * 20 + '"'),
}


@pytest.mark.parametrize("body", LARGEST.values(), ids=LARGEST.keys())
def test_the_largest_bodies_are_verified_in_milliseconds(body: bytes) -> None:
    took: list[float] = []
    for _ in range(3):
        began = time.process_time()
        assert not verified(body, "ab" * 64)
        took.append(time.process_time() - began)
    assert min(took) < MOST_SECONDS


def test_a_malformed_digest_is_rejected_without_computation() -> None:
    began = time.process_time()
    for _ in range(1000):
        assert not is_verified([SECRET], VECTOR, "ab" * 63)
    assert time.process_time() - began < MOST_SECONDS


letters = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1)
documents = st.dictionaries(
    letters,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(letters, inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)
unhurried = settings(deadline=None)


@unhurried
@given(document=documents, escaped=st.booleans(), indent=st.sampled_from([None, 0, 3]))
def test_neither_order_nor_escapes_nor_space_matter(
    *, document: dict[str, Json], escaped: bool, indent: int | None
) -> None:
    turned = dict(reversed(document.items()))
    body = json.dumps(turned, ensure_ascii=escaped, indent=indent).encode()
    form = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    assert verified(body, sign(form))
    assert not verified(body, sign(form + " "))


@unhurried
@given(st.dictionaries(letters, st.integers() | letters | st.booleans() | st.none()), st.data())
def test_a_changed_value_is_always_rejected(document: dict[str, Json], data: st.DataObject) -> None:
    form = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert verified(json.dumps(document).encode(), sign(form))
    if document:
        key = data.draw(st.sampled_from(sorted(document)))
        changed = {**document, key: "Something else"}
        assert not verified(json.dumps(changed).encode(), sign(form))


@unhurried
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_numbers_spelling_is_preserved(number: float) -> None:
    body = f'{{"a":{number!r}}}'
    assert verified(body.encode(), sign(body))


@unhurried
@given(st.binary(max_size=200), st.text(max_size=200))
def test_any_other_body_and_signature_is_rejected_without_an_error(body: bytes, signature: str) -> None:
    assert not verified(body, signature)
