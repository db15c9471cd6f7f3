"""E-mail addresses, and the canonical form of each mailbox."""

import pytest

from services.gateway.mail.addresses import canonical, canonical_or_same, mailbox_of


@pytest.mark.parametrize(
    "text",
    [
        "user@example",
        "user@-example.com",
        "user@exam_ple.com",
        f"{'x' * 65}@example.com",
        "user@example-.com",
        "user@example.com.",
        "user@.example.com",
        "user@example..com",
        ".user@example.com",
        "user.@example.com",
        "us..er@example.com",
        "user@127.0.0.1",
        "user@[127.0.0.1]",
        "user@localhost",
        "user@shop.local",
        "user@shop.invalid",
        "user@example.123",
        f"user@{'a' * 64}.com",
        f"user@{'a.' * 125}com",
        '"user"@example.com',
        '"us er"@example.com',
        "user <user@example.com>",
        "üser@example.com",
        "\uff55ser@example.com",
        "user\uff20example.com",
        "user@exam\u200bple.com",
        "user@xn--a.example",
        "user@☃.example",
        "user@example.com\r\nBcc: other@example.com",
        "@example.com",
        "user@",
        "",
    ],
)
def test_an_address_that_can_not_get_mail_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"^is no address that mails can be sent to$"):
        canonical(text)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("user@example.com", "user@example.com"),
        ("User@EXAMPLE.com", "user@example.com"),
        ("user@\uff45xample.com", "user@example.com"),
        ("user@example。com", "user@example.com"),
        ("user@bücher.example", "user@xn--bcher-kva.example"),
        ("user@BÜCHER.example", "user@xn--bcher-kva.example"),
        ("user@bu\u0308cher.example", "user@xn--bcher-kva.example"),
        ("user@XN--BCHER-KVA.example", "user@xn--bcher-kva.example"),
        ("user@straße.example", "user@xn--strae-oqa.example"),
        ("o'neill+ads_1@mail.example.com", "o'neill+ads_1@mail.example.com"),
        (f"{'x' * 64}@example.com", f"{'x' * 64}@example.com"),
    ],
)
def test_every_spelling_of_a_mailbox_has_one_form(text: str, form: str) -> None:
    assert canonical(text) == form
    assert canonical(form) == form
    assert mailbox_of(text).domain == form.partition("@")[2]


def test_an_address_that_was_stored_unchecked_is_still_known_by_its_text() -> None:
    assert canonical_or_same("User@Example") == "user@example"
    assert canonical_or_same("User@Bücher.example") == "user@xn--bcher-kva.example"
