"""The provider's JSON and signatures; the expectations were written down from a JavaScript engine."""

from decimal import Decimal

import pytest

from sandbox.nowpayments.signing import Json, js_number, sign, stringify

VECTOR = (
    '{"payment_id":1,"fee":{"withdrawalFee":0,"currency":"btc","depositFee":1.5e-7},'
    '"order_description":"é/x","pay_amount":0.000001}'
)
VECTOR_BODY: dict[str, Json] = {
    "payment_id": 1,
    "fee": {"withdrawalFee": 0, "currency": "btc", "depositFee": 1.5e-7},
    "order_description": "é/x",
    "pay_amount": 0.000001,
}
VECTOR_SIGNATURE = (
    "a32f79ba54968d59288e2566062c21c77950ee9aca6261168db8da4a5b9810c2"
    "f72199ad82f4ef8154fc6aee88789a415163f3e0bb3d00342a21ea01ecaa6467"
)


def test_the_known_body_gives_the_known_signature() -> None:
    assert sign(VECTOR_BODY, "secret") == VECTOR_SIGNATURE


def test_the_body_goes_out_in_its_own_order_and_only_the_signed_form_is_sorted() -> None:
    assert stringify(VECTOR_BODY) == VECTOR
    turned: dict[str, Json] = dict(reversed(VECTOR_BODY.items()))
    assert stringify(turned) != VECTOR
    assert sign(turned, "secret") == VECTOR_SIGNATURE


def test_space_around_the_secret_does_not_count() -> None:
    assert sign(VECTOR_BODY, "  secret\n") == VECTOR_SIGNATURE
    assert sign(VECTOR_BODY, "sec ret") != VECTOR_SIGNATURE


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0, "0"),
        (-0.0, "0"),
        (Decimal("-0.00"), "0"),
        (1, "1"),
        (-1, "-1"),
        (30.0, "30"),
        (Decimal("30.00"), "30"),
        (Decimal("3E+1"), "30"),
        (29.99, "29.99"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-2.5, "-2.5"),
        (1234567890.123, "1234567890.123"),
        (0.001, "0.001"),
        (0.0001, "0.0001"),
        (0.00001, "0.00001"),
        (0.000001, "0.000001"),
        (0.0000012, "0.0000012"),
        (Decimal("0.000001"), "0.000001"),
        (0.0000001, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (-1.5e-7, "-1.5e-7"),
        (Decimal("0.00000015"), "1.5e-7"),
        (1.25e-10, "1.25e-10"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1.5e16, "15000000000000000"),
        (123456789012345680000, "123456789012345680000"),
        (1e20, "100000000000000000000"),
        (1e21, "1e+21"),
        (1.5e21, "1.5e+21"),
        (1e100, "1e+100"),
        (2**53, "9007199254740992"),
        (2**53 + 1, "9007199254740992"),
        (12345678901234567890, "12345678901234567000"),
        (10**21, "1e+21"),
        (5e-324, "5e-324"),
        (2.2250738585072014e-308, "2.2250738585072014e-308"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (Decimal("0.17070286123456789012345"), "0.17070286123456788"),
        (float("nan"), "null"),
        (float("inf"), "null"),
        (float("-inf"), "null"),
        (10**400, "null"),
        (Decimal("1e400"), "null"),
        (Decimal("1e-400"), "0"),
    ],
)
def test_a_number_is_written_as_javascript_writes_it(number: float | Decimal, written: str) -> None:
    assert js_number(number) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        ("é/ж😀", '"é/ж😀"'),
        ('"\\', '"\\"\\\\"'),
        ("\b\f\n\r\t\x00\x1f", '"\\b\\f\\n\\r\\t\\u0000\\u001f"'),
        ("\x7f\u2028", '"\x7f\u2028"'),
        ("\ud83d", '"\\ud83d"'),
        ([], "[]"),
        ({}, "{}"),
        ([1.0, [None], {"a": "b"}], '[1,[null],{"a":"b"}]'),
        ({"b": 1, "a": 2}, '{"b":1,"a":2}'),
        ({"b": 1, "10": 2, "9": 3, "01": 4}, '{"9":3,"10":2,"b":1,"01":4}'),
    ],
)
def test_a_value_is_written_as_javascript_writes_it(value: Json, written: str) -> None:
    assert stringify(value) == written


def test_objects_are_sorted_at_every_depth_and_arrays_stay_as_they_are() -> None:
    scrambled: dict[str, Json] = {"b": [{"d": 1, "c": 2}, 3], "a": {"z": {"y": 1, "x": 2}, "k": 0}}
    sorted_: dict[str, Json] = {"a": {"k": 0, "z": {"x": 2, "y": 1}}, "b": [{"c": 2, "d": 1}, 3]}
    assert sign(scrambled, "s") == sign(sorted_, "s")
    swapped: dict[str, Json] = {"a": {"k": 0, "z": {"x": 2, "y": 1}}, "b": [3, {"c": 2, "d": 1}]}
    assert sign(scrambled, "s") != sign(swapped, "s")


def test_the_older_sample_signs_an_array_as_an_object() -> None:
    array: dict[str, Json] = {"list": ["x", "y"]}
    as_object: dict[str, Json] = {"list": {"0": "x", "1": "y"}}
    assert sign(array, "s", index_arrays=True) == sign(as_object, "s") != sign(array, "s")


def test_keys_are_sorted_by_their_utf16_units() -> None:
    # A rocket, U+1F680, is above U+FF5E; but the first of its two units, 0xD83D, is below.
    assert sign({"\uff5e": 1, "\U0001f680": 2, "a": 0}, "s") == (
        "1bad610f4f4a225ba47e46d7d2ccdc653eb438b4727518876f76109c4f0406b6"
        "d6ded6c87b3aa606eafc97e0bbf810ac18f32ff7c6b895435effaf05b468f2de"
    )
