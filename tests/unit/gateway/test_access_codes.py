"""Access codes, their digests, and derived ids."""

import re
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

from pydantic import SecretStr

from libs.events.values import AccountId
from services.gateway.account.codes import AccessCodes
from services.gateway.account.keyed_hash import KeyedHash

CODES = AccessCodes(KeyedHash([SecretStr("q7Zr2-pepper-of-the-tests-0123456789")]))
ANNA = AccountId(UUID("0190a000-0000-7000-8000-000000000001"))
OTHERS = AccessCodes(KeyedHash([SecretStr("x4Wd9-another-pepper-of-the-tests-01")]))


def test_a_code_has_a_hundred_bits_and_no_ambiguous_letters() -> None:
    assert re.fullmatch(r"USER(-[0-9A-HJKMNP-TV-Z]{5}){4}", CODES.derived(ANNA)[0])


def test_every_letter_occurs_at_every_position() -> None:
    codes = [CODES.derived(AccountId(UUID(int=number)))[0].replace("-", "") for number in range(1000)]
    assert [len({code[index] for code in codes}) for index in range(4, 24)] == [32] * 20


def test_no_two_accounts_have_the_same_first_code() -> None:
    assert len({CODES.derived(AccountId(UUID(int=number)))[0] for number in range(1000)}) == 1000


def test_the_first_code_of_an_account_is_always_the_same() -> None:
    again = AccessCodes(KeyedHash([SecretStr("q7Zr2-pepper-of-the-tests-0123456789")]))
    assert again.derived(ANNA)[0] == CODES.derived(ANNA)[0]


def test_a_first_code_can_not_be_made_without_the_pepper() -> None:
    assert CODES.derived(ANNA)[0] != OTHERS.derived(ANNA)[0]


def test_after_a_change_of_the_pepper_what_was_made_before_is_recognised() -> None:
    former, present = "q7Zr2-pepper-of-the-tests-0123456789", "x4Wd9-another-pepper-of-the-tests-01"
    both = AccessCodes(KeyedHash([SecretStr(present), SecretStr(former)]))
    code = "USER-0A1BC-23DEF-45GHJ-67KMN"
    assert both.digests(code) == [OTHERS.digest(code), CODES.digest(code)]
    assert both.digest(code) == OTHERS.digest(code)
    assert both.derived(ANNA) == OTHERS.derived(ANNA) + CODES.derived(ANNA)


def test_a_licence_key_has_its_format() -> None:
    assert re.fullmatch(r"LIC-[0-9A-Z-]{8,40}", CODES.licence())


def test_a_code_is_recognised_however_it_is_typed() -> None:
    digest = CODES.digest("USER-0A1BC-23DEF-45GHJ-67KMN")
    for typed in (
        "user-0a1bc-23def-45ghj-67kmn",
        "  USER 0A1BC 23DEF 45GHJ 67KMN ",
        "0A1BC23DEF45GHJ67KMN",
        "USER-OAlBC-23DEF-45GHJ-67KMN",
    ):
        assert CODES.digest(typed) == digest


def test_another_code_has_another_digest() -> None:
    assert CODES.digest("USER-00000") != CODES.digest("USER-00001")


def test_a_digest_can_not_be_computed_without_the_pepper() -> None:
    assert CODES.digest("USER-00000") != OTHERS.digest("USER-00000")


def test_an_address_means_one_account_in_upper_and_lower_case() -> None:
    assert CODES.account("anna@example.com") == CODES.account("Anna@Example.com")
    assert CODES.account("anna@example.com") != CODES.account("bert@example.com")


def test_an_address_means_one_account_in_other_letters_and_in_ascii() -> None:
    assert CODES.account("anna@bücher.example") == CODES.account("anna@xn--bcher-kva.example")


def test_the_ids_of_accounts_do_not_change() -> None:
    assert CODES.account("anna@example.com") == UUID("210c67a3-d6e4-5ccd-b461-4a225c1bf508")
    assert CODES.account("anna@example") == UUID("4ec07a97-6f06-51a8-a4e9-b5cedf662812")


def test_an_account_id_does_not_reveal_its_address_without_the_pepper() -> None:
    assert CODES.account("anna@example.com") != OTHERS.account("anna@example.com")


def test_an_origin_reveals_nothing_of_its_address_and_changes_daily() -> None:
    noon = datetime(2031, 5, 4, 12, tzinfo=UTC)
    origin = CODES.origin("192.0.2.7", noon)
    assert re.fullmatch(r"[0-9a-f]{32}", origin)
    assert CODES.origin("192.0.2.7", noon + timedelta(hours=11)) == origin
    berlin = timezone(timedelta(hours=2))
    assert CODES.origin("192.0.2.7", datetime(2031, 5, 5, 1, tzinfo=berlin)) == origin
    others = {
        CODES.origin("192.0.2.8", noon),
        CODES.origin("192.0.2.7", noon + timedelta(hours=12)),
        OTHERS.origin("192.0.2.7", noon),
    }
    assert len(others | {origin}) == 4
