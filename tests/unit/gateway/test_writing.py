"""The texts of mails."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from email.headerregistry import Address
from itertools import product
from uuid import UUID

import pytest
from pydantic import SecretStr

from libs.events.gateway import NotificationKind
from libs.events.values import AccountId, AdbotId, NotificationId
from services.gateway.inbox.domain import MailState
from services.gateway.inbox.tables import Notification
from services.gateway.inbox.telling import MAILED
from services.gateway.mail.facts import Facts, OrderFacts
from services.gateway.mail.writing import Writer

TO = "anna@example.com"
LICENCE = "LIC-7QX4M-D2HK9-TWA1B-C3D4E"
CODE = "USER-0A1BC-23DEF-45GHJ-67KMN"
WRITER = Writer(
    Address("Ads & Co", "no-reply", "ads.example.org"), site_url="https://ads.example.org/?a=1&b=2"
)
NOTIFICATION = Notification(
    notification=NotificationId(UUID("8ffe9301-092b-5729-bec3-104f2377cd15")),
    account=AccountId(UUID("0190a000-0000-7000-8000-000000000001")),
    kind=NotificationKind.ORDER_PLACED,
    order="HQADZ-ABC123-XYZ9",
    mail=MailState.WAITING,
    paid=None,
    missing=None,
    coin="BTC",
    raised_at=datetime(2030, 3, 4, 10, 20, tzinfo=UTC),
)
ORDER = OrderFacts(
    order="HQADZ-ABC123-XYZ9",
    plan="Bronze",
    price_usd=Decimal("30.00"),
    coin="BTC",
    pending=True,
    address="bc1qexample",
    memo=None,
    amount=Decimal("0.000000150"),
    pay_by=datetime(2030, 3, 5, 9, 8, tzinfo=UTC),
    renews=False,
)
PLACED = Facts(NOTIFICATION, ORDER, TO, None)
PARTIAL = Facts(
    replace(
        NOTIFICATION,
        kind=NotificationKind.PARTIAL_PAYMENT,
        paid=Decimal("1234567890.000000000000000001"),
        missing=Decimal("1E-18"),
    ),
    ORDER,
    TO,
    None,
)
RECEIVED = Facts(
    replace(NOTIFICATION, kind=NotificationKind.PAYMENT_RECEIVED, paid=Decimal("5E+3")),
    ORDER,
    TO,
    SecretStr(CODE),
    licence=LICENCE,
)
EXPIRED = Facts(replace(NOTIFICATION, kind=NotificationKind.ORDER_EXPIRED), ORDER, TO, None)


ADBOT_KINDS = sorted(MAILED)


def of_adbot(kind: NotificationKind) -> Facts:
    """Return the data of a mail about an adbot."""
    detail = "The adbot has stopped: " + "a long reason and what to do about it, " * 6
    raised = replace(NOTIFICATION, kind=kind, detail=detail, valid_until=datetime(2030, 4, 1, tzinfo=UTC))
    return Facts(raised, replace(ORDER, pending=False), TO, None)


def both(facts: Facts) -> list[str]:
    """Return a mail's text, and its HTML without tags."""
    letter = WRITER.write(facts)
    return [letter.text, re.sub(r"<style.*?</style>|<[^>]+>", " ", letter.html, flags=re.DOTALL)]


def test_amounts_are_exact_and_plain() -> None:
    for text in both(PLACED):
        assert "0.00000015 BTC" in text
        assert "(30 USD)" in text
    for text in both(PARTIAL):
        assert "1234567890.000000000000000001 BTC" in text
        assert "0.000000000000000001 BTC" in text
    for text in both(RECEIVED):
        assert "5000 BTC" in text


def test_a_memo_is_named_where_there_is_one_and_only_there() -> None:
    for facts in (PLACED, PARTIAL):
        assert all("memo" not in text for text in both(facts))
        with_memo = replace(facts, order=replace(ORDER, memo="tag-77"))
        assert all("memo" in text and "tag-77" in text for text in both(with_memo))


def test_a_renewal_is_not_called_a_new_adbot() -> None:
    renewal = replace(RECEIVED, order=replace(ORDER, renews=True))
    assert all("extended" in text and "set up" not in text for text in both(renewal))
    assert all("extended" not in text and "set up" in text for text in both(RECEIVED))


def test_the_mail_of_a_second_payment_for_the_same_plan_names_it_as_one() -> None:
    second = replace(RECEIVED, notification=replace(RECEIVED.notification, second_of="HQADZ-ABC123-FRST"))
    assert all("second payment" in text and "HQADZ-ABC123-FRST" in text for text in both(second))
    assert all("second payment" not in text for text in both(RECEIVED))


def test_only_the_mail_that_has_a_code_shows_one() -> None:
    assert all(CODE in text for text in both(RECEIVED))
    assert all("USER" not in text for text in both(replace(RECEIVED, access_code=None)))
    assert CODE not in repr(WRITER.write(RECEIVED)) + repr(RECEIVED)


def test_the_licence_key_is_in_the_mail_with_the_code_alone() -> None:
    assert all(f"Your licence key is {LICENCE}" in re.sub(r"\s+", " ", text) for text in both(RECEIVED))
    assert all("LIC-" not in text for text in both(replace(RECEIVED, access_code=None)))


def test_text_from_clients_is_escaped() -> None:
    evil = replace(ORDER, plan="<b>&Bold", address="<script>", memo='"><img>')
    for facts in (PLACED, PARTIAL, RECEIVED, EXPIRED):
        letter = WRITER.write(replace(facts, order=evil))
        assert "<b>" not in letter.html
        assert "<script>" not in letter.html
        assert "<img>" not in letter.html
        assert "&lt;b&gt;&amp;Bold" in letter.html
        assert "<b>&Bold" in letter.text


def everything() -> Iterator[Facts]:
    """Yield each kind of mail with and without each optional value."""
    kinds = (PLACED, PARTIAL, RECEIVED, replace(RECEIVED, access_code=None), EXPIRED)
    either, text = (True, False), ("bc1q", None)
    orders = [
        replace(ORDER, pending=pending, renews=renews, memo=memo, address=address)
        for pending, renews, memo, address in product(either, either, text, text)
    ]
    for kind, end, others in product(ADBOT_KINDS, (datetime(2030, 4, 1, tzinfo=UTC), None), (0, 1, 2)):
        facts = of_adbot(kind)
        raised = replace(facts.notification, valid_until=end)
        yield replace(facts, notification=raised, others=others)
    for facts, order in product(kinds, orders):
        yield replace(facts, order=order)
        if facts.notification.kind is NotificationKind.PAYMENT_RECEIVED:
            yield replace(facts, order=order, notification=replace(facts.notification, paid=None))


def test_every_kind_of_mail_can_be_rendered() -> None:
    for facts in everything():
        if not facts.complete or facts.obsolete:
            continue
        letter = WRITER.write(facts)
        assert "None" not in letter.text + letter.html + letter.subject
        assert "{" not in letter.text + letter.subject
        assert "\n\n\n" not in letter.text
        assert letter.text.startswith("Hello,\n\n")
        assert letter.text.endswith("\nAds & Co\n")
        assert "https://ads.example.org/?a=1&b=2\n" in letter.text
        assert 'href="https://ads.example.org/?a=1&amp;b=2"' in letter.html
        assert max(map(len, letter.text.splitlines())) <= 110
        assert ORDER.order in letter.text


@pytest.mark.parametrize("kind", ADBOT_KINDS)
def test_a_mail_about_an_adbot_says_what_happened_and_what_to_do(kind: NotificationKind) -> None:
    facts = of_adbot(kind)
    for text in both(facts):
        assert "The adbot has stopped" in text
        assert "what to do about it" in text
        assert "Bronze" in text
    assert "Bronze" in WRITER.write(facts).subject


def test_one_mail_tells_of_several_seats() -> None:
    for kind, what in ((NotificationKind.SEAT_LOST, "lost"), (NotificationKind.SEAT_REPLACED, "replaced")):
        said = [f"1 other account of the adbot was {what}", f"2 other accounts of the adbot were {what}"]
        for others, sentence in enumerate(said, 1):
            assert all(sentence in text for text in both(replace(of_adbot(kind), others=others)))
        assert all("other account" not in text for text in both(of_adbot(kind)))


def test_the_end_is_named_where_it_counts() -> None:
    for kind in (NotificationKind.ADBOT_READY, NotificationKind.EXPIRING):
        assert all("1 April 2030, 00:00 UTC" in text for text in both(of_adbot(kind)))


def test_mails_name_no_site_if_none_is_set() -> None:
    letter = Writer(Address("", "no-reply", "ads.example.org")).write(EXPIRED)
    assert "http" not in letter.text
    assert "href" not in letter.html
    assert letter.text.endswith("HQADZ-ABC123-XYZ9\n\nads.example.org\n")


def test_a_mail_about_an_order_leads_to_its_payment() -> None:
    page = "https://ads.example.org/pay/HQADZ-ABC123-XYZ9"
    for facts in (PLACED, PARTIAL, RECEIVED, EXPIRED):
        letter = WRITER.write(facts)
        assert f"    {page}\n" in letter.text
        assert f'href="{page}"' in letter.html


def test_a_mail_about_an_adbot_leads_to_the_adbot() -> None:
    adbot = AdbotId(UUID("0190a000-0000-7000-8000-000000000002"))
    facts = of_adbot(NotificationKind.ADBOT_STOPPED)
    letter = WRITER.write(replace(facts, notification=replace(facts.notification, adbot=adbot)))
    assert f"    https://ads.example.org/adbots/{adbot}\n" in letter.text
    assert f'href="https://ads.example.org/adbots/{adbot}"' in letter.html
    assert "/pay/" not in letter.text + letter.html


def test_the_code_is_in_a_link_to_sign_in_only_after_the_fragment_sign() -> None:
    link = f"https://ads.example.org/sign-in#code={CODE}"
    letter = WRITER.write(RECEIVED)
    assert f"    {link}\n" in letter.text
    assert f'href="{link}"' in letter.html
    without = WRITER.write(replace(RECEIVED, access_code=None))
    assert "sign-in" not in without.text + without.html


def test_every_copy_has_the_same_id_and_the_day_on_which_it_was_raised() -> None:
    letter, again = WRITER.write(PLACED), WRITER.write(PLACED)
    assert letter == again
    assert letter.message_id == "<8ffe9301-092b-5729-bec3-104f2377cd15@ads.example.org>"
    assert letter.date == NOTIFICATION.raised_at


@pytest.mark.parametrize("kind", list(NotificationKind))
def test_only_the_mail_of_a_placed_order_waits_for_the_payment_address(kind: NotificationKind) -> None:
    raised = replace(NOTIFICATION, kind=kind)
    waiting = Facts(raised, replace(ORDER, address=None), TO, None)
    assert waiting.complete == (kind is not NotificationKind.ORDER_PLACED)
    closed = Facts(raised, replace(ORDER, address=None, pending=False), TO, None)
    assert closed.complete
    assert bool(closed.obsolete) == (kind is NotificationKind.ORDER_PLACED)
