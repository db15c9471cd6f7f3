"""What operators see of events' data."""

import json

from libs.chassis.operations.masking import (
    LONGEST_TEXT,
    MOST_ENTRIES,
    MOST_LEVELS,
    shown_data,
    shown_state,
    shown_text,
)


def test_addresses_phone_numbers_and_secrets_are_masked() -> None:
    data = {
        "email": "client@example.com",
        "phone": "4915112345678",
        "note": "call +49 151 1234567 or write to anna.b@example.org",
        "code_digest": "ab" * 32,
    }
    assert shown_data(json.dumps(data)) == {
        "email": "c…@example.com",
        "phone": "+49…78",
        "note": "call +49…67 or write to a…@example.org",
        "code_digest": "…hidden…",
    }


def test_long_texts_and_lists_are_shortened() -> None:
    long = "x" * (LONGEST_TEXT + 30)
    found = shown_data(
        json.dumps({"text": long, "groups": [f"@g{number}" for number in range(MOST_ENTRIES + 5)]})
    )
    assert isinstance(found, dict)
    assert found["text"] == f"{'x' * LONGEST_TEXT}… ({len(long)} characters)"
    groups = found["groups"]
    assert isinstance(groups, list)
    assert groups[-1] == "… and 5 more"
    assert len(groups) == MOST_ENTRIES + 1


def test_the_explorer_gets_all_entries_masked_as_well() -> None:
    groups = [f"@g{number}" for number in range(MOST_ENTRIES + 5)]
    data = {"groups": groups, "user": 2**63 - 1, "email": "client@example.com", "token": "x"}
    masked = {
        "groups": groups,
        "user": "9223372036854775807",
        "email": "c…@example.com",
        "token": "…hidden…",
    }
    assert shown_data(json.dumps(data), most=None) == masked
    assert shown_state(data) == masked


def test_integers_that_a_browser_would_round_are_texts() -> None:
    assert shown_data('{"user": 9007199254740993, "chat": -9007199254740993, "count": 7}') == {
        "user": "9007199254740993",
        "chat": "-9007199254740993",
        "count": 7,
    }


def test_a_text_may_be_as_long_as_is_said() -> None:
    assert shown_text("y" * 300, longest=500) == "y" * 300


def test_a_long_word_is_read_once_and_not_from_each_of_its_characters() -> None:
    word = "a" * 1_000_000  # the square of it would not end within the test's time
    assert shown_text(word, longest=len(word)) == word
    assert shown_text(f"{word}@example.com", longest=10) == f"aaaaaaaaaa… ({len(word) + 12} characters)"


def test_an_address_at_the_place_where_a_text_is_cut_is_masked() -> None:
    text = "x" * (LONGEST_TEXT - 4) + " client@example.com and more"
    assert shown_text(text) == f"{'x' * (LONGEST_TEXT - 4)} c…@… ({len(text)} characters)"


def test_what_is_nested_too_deeply_ends_in_dots() -> None:
    for levels in (MOST_LEVELS + 1, 900, 100_000):
        found = shown_data("[" * levels + "]" * levels)
        for _ in range(MOST_LEVELS):
            if found == "…":
                break
            assert isinstance(found, list)
            found = found[0] if found else "…"
        assert found == "…"


def test_a_number_with_too_many_digits_is_not_read() -> None:
    assert shown_data(f'{{"count": {"9" * 10_000}}}') == "…"
