"""The text of API keys."""

from uuid import UUID

import pytest
from pydantic import SecretStr

from libs.events.gateway import ApiKeyId
from services.gateway.account.keyed_hash import KeyedHash
from services.gateway.api.identity.api_keys import ApiKeys

KEYS = ApiKeys(KeyedHash([SecretStr("Pe99er-of-the-tests")]))
KEY = ApiKeyId(UUID(int=1))
OTHERS = ApiKeys(KeyedHash([SecretStr("Pe99er-of-others")]))


def test_a_key_is_read_as_it_was_made_and_its_digest_does_not_contain_it() -> None:
    made, text = KEYS.make(KEY)
    assert KEYS.read(text) == made
    assert text.startswith(f"adk_{made.key.hex}_")
    assert made.digest not in text
    assert KEYS.make(KEY)[1] != text


def test_a_key_of_another_pepper_is_refused_without_a_look_into_the_database() -> None:
    assert KEYS.read(OTHERS.make(KEY)[1]) is None


@pytest.mark.parametrize("place", [0, 4, 20, 40, 60, -20, -1])
def test_a_key_with_another_character_is_refused(place: int) -> None:
    _, text = KEYS.make(KEY)
    other = "0" if text[place] != "0" else "1"
    changed = text[:place] + other + text[place + 1 if place != -1 else len(text) :]
    assert KEYS.read(changed) is None


@pytest.mark.parametrize("text", ["", "adk_", "adk__", "adk_" + "x" * 32 + "_" + "y" * 64, "USER-1"])
def test_what_is_no_key_is_refused(text: str) -> None:
    assert KEYS.read(text) is None
