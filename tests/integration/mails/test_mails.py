"""Who is told what by mail, and when."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from libs.events.billing import OrderPlaced, PaymentFinished
from libs.eventsourcing import Causes, UnitOfWork
from libs.eventsourcing.values import utc_now
from services.gateway.inbox.domain import MOST_UNPAID_MAILS
from tests.integration.gateway.fake_services import BRONZE, append
from tests.integration.gateway.harness import access_code, operator
from tests.integration.mails.harness import (
    ADMIN_TOKEN,
    CODES,
    SENDER,
    MailHarness,
    address_of,
    code_in,
    notification,
    token,
)
from tests.support.waiting import until

BODY = {"email": "anna@example.com", "plan": "bronze", "pay_currency": "BTC"}


async def test_an_order_that_can_be_paid_is_told_of_with_address_and_exact_amount(
    running: MailHarness,
) -> None:
    placed = await running.place(address=False)
    await running.request(placed, memo="tag-77")
    (mail,) = await running.mails.wait_for(placed.email)
    assert mail.subject == "Your order of Bronze"
    for text in (mail.text, mail.html):
        for said in ("0.000456 BTC", "30 USD", "tag-77", placed.order, "4 March 2035, 10:20 UTC"):
            assert said in text
        assert re.search(r"bc1q[0-9a-f]{32}", text)
    assert dict(mail.headers)["From"] == SENDER
    assert dict(mail.headers)["Auto-Submitted"] == "auto-generated"
    assert mail.date == (
        await running.row(
            "select date_trunc('second', raised_at) from notifications.notifications where order_number = $1",
            placed.order,
        )
    )


async def test_the_mail_waits_until_it_is_known_where_to_pay(running: MailHarness) -> None:
    placed = await running.place(address=False)
    tries = "select count(*) from outbox.outbox where try_at > raised_at and attempts = 0"
    await until(lambda: running.row(tries))
    assert await running.mails.mails() == []
    await running.request(placed)
    await running.mails.wait_for(placed.email)


async def test_an_order_that_ends_before_it_could_be_paid_is_not_asked_to_be_paid(
    running: MailHarness,
) -> None:
    placed = await running.place(address=False)
    await running.expire(placed)
    outcomes = await running.settled(2)
    mails = await running.mails.wait_for(placed.email)
    assert sorted(outcomes.values()) == ["given up: the order was over before", "sent"]
    assert [mail.subject for mail in mails] == ["Your order of Bronze has expired"]


async def test_a_mail_about_an_order_that_was_paid_meanwhile_asks_for_nothing(running: MailHarness) -> None:
    await running.mails.refuse()
    placed = await running.place()
    await running.finish(placed)
    await until(lambda: running.row("select count(*) = 2 from outbox.outbox where attempts > 0"))
    await running.mails.heal()
    mails = await running.mails.wait_for(placed.email, count=2)
    (late,) = [mail for mail in mails if mail.subject == "Your order of Bronze"]
    assert "no longer waits" in late.text
    assert "bc1q" not in late.text + late.html


async def test_a_partial_payment_is_told_with_what_is_missing(running: MailHarness) -> None:
    placed = await running.place()
    await running.pay_half(placed)
    (mail,) = await running.mails.wait_for(placed.email, subject="missing")
    for text in (mail.text, mail.html):
        assert text.count("0.000228 BTC") == 2
        assert "bc1q" in text


async def test_an_expired_order_is_told_of(running: MailHarness) -> None:
    placed = await running.place()
    await running.expire(placed)
    (mail,) = await running.mails.wait_for(placed.email, subject="expired")
    assert placed.order in mail.text


async def test_the_first_payments_mail_holds_the_code_and_no_answer_does(running: MailHarness) -> None:
    answer = await running.http.post("/checkout", json=BODY)
    assert answer.status_code == 201
    account = CODES.account(BODY["email"])
    await running.mails.wait_for(BODY["email"])
    assert await running.row("select count(*) from first_codes.sealed where account = $1", account) == 0
    placed = (await running.billing.events_of(f"order-{answer.json()['order_number']}"))[0].event
    await running.finish(placed)  # type: ignore[arg-type]  # it is the first of the stream  # pyright: ignore[reportArgumentType]
    (first,) = await running.mails.wait_for(BODY["email"], subject="payment")
    code = code_in(first)
    signed_in = await running.http.post("/auth/sign-in", json={"access_code": code})
    assert signed_in.json()["account"]["id"] == str(account)
    assert f"Your licence key is {signed_in.json()['account']['licence']}." in first.text

    second = await running.place(BODY["email"])
    await running.finish(second)
    *_, later = await running.mails.wait_for(BODY["email"], subject="payment", count=2)
    assert code_in(later) is None
    assert [code_in(mail) for mail in await running.mails.wait_for(subject="order", count=2)] == [
        None,
        None,
    ]
    stored = await running.row("select string_agg(data::text, '') from engine.events")
    assert code is not None
    assert code not in stored


async def test_whoever_pays_after_a_checkout_that_broke_off_gets_an_account_and_its_code(
    running: MailHarness,
) -> None:
    placed = await running.place()  # and the checkout never answered
    await running.finish(placed)
    (mail,) = await running.mails.wait_for(placed.email, subject="payment")
    signed_in = await running.http.post("/auth/sign-in", json={"access_code": code_in(mail)})
    assert signed_in.json()["account"]["id"] == str(placed.account)


async def test_where_the_operator_issued_a_code_none_is_sent(running: MailHarness) -> None:
    placed = await running.place()
    async with operator(running.http, admin_token=ADMIN_TOKEN) as admin:
        issued = await access_code(admin, address_of(placed))
    await running.finish(placed)
    (mail,) = await running.mails.wait_for(placed.email, subject="payment")
    assert code_in(mail) is None
    assert (await running.http.post("/auth/sign-in", json={"access_code": issued})).status_code == 200


async def test_the_code_comes_with_the_next_payment_if_the_first_mail_was_given_up(
    running: MailHarness,
) -> None:
    placed = await running.place()
    await running.mails.wait_for(placed.email)
    await running.mails.answer(550, "5.1.1 no such user", recipient=placed.email, count=1)
    await running.finish(placed)
    await running.settled(2)
    waiting = await running.first_code(placed.account)
    await running.finish(await running.place(placed.email))
    (mail,) = await running.mails.wait_for(placed.email, subject="payment")
    assert code_in(mail) == waiting


async def test_an_order_that_an_operator_vouches_for_names_no_amount(running: MailHarness) -> None:
    placed = await running.place()
    await running.finish(placed, paid=Decimal(0))
    (mail,) = await running.mails.wait_for(placed.email, subject="payment")
    assert "is settled" in mail.text
    assert "BTC" not in mail.text


async def test_without_a_mail_server_the_app_alone_tells_and_only_the_operator_issues_a_code(
    harness: MailHarness,
) -> None:
    async with harness.gateway(smtp_host=None) as http:
        placed = await harness.place(BODY["email"])
        await harness.finish(placed)
        account = placed.account

        async def told() -> list[dict[str, object]]:
            found = await http.get("/notifications", headers=await token(http, account))
            return list(found.json().get("items", []))  # the account may not exist yet

        async def both() -> list[dict[str, object]] | None:
            found = await told()
            return found if len(found) == 2 else None

        kinds = [(one["kind"], one["mail"]) for one in await until(both)]
        assert kinds == [("payment_received", "none"), ("order_placed", "none")]
    async with harness.gateway() as http:  # a mail server that is configured later hears of nothing old
        other = await harness.place()
        await harness.mails.wait_for(other.email)
        assert await harness.mails.mails(BODY["email"]) == []
        await harness.finish(await harness.place(BODY["email"]))  # but the next payment's mail holds the code
        (mail,) = await harness.mails.wait_for(BODY["email"], subject="payment")
        signed_in = await http.post("/auth/sign-in", json={"access_code": code_in(mail)})
        assert signed_in.json()["account"]["id"] == str(account)


async def test_the_mail_about_a_payment_of_long_ago_is_not_sent_and_issues_no_code(
    running: MailHarness,
) -> None:
    placed = await running.place()
    finished = PaymentFinished(
        order=placed.order,
        account=placed.account,
        plan=placed.plan,
        payment="5001",
        paid=Decimal(1),
        coin="BTC",
        by_hand=False,
    )

    async def long_ago(unit: UnitOfWork) -> None:
        unit.at = utc_now() - timedelta(days=31)
        await append(unit, f"order-{placed.order}", finished)

    await running.billing.engine.run(long_ago, Causes.first("service:test"))
    assert set((await running.settled(2)).values()) == {"sent", "none"}
    issued = "select code_digest is not null from accounts.accounts where account = $1"
    assert await running.row(issued, placed.account) is False


async def test_nobody_is_flooded_with_mails_about_orders_that_others_place(running: MailHarness) -> None:
    placed = await running.place("victim@example.com")
    for _ in range(MOST_UNPAID_MAILS + 1):
        await running.place("victim@example.com")
    outcomes = await running.settled(MOST_UNPAID_MAILS + 2)
    await running.finish(placed)
    await running.mails.wait_for("victim@example.com", subject="payment")
    assert sorted(outcomes.values()) == ["none", "none", *["sent"] * MOST_UNPAID_MAILS]


async def test_a_client_sees_what_was_told_to_nobody_else_the_latest_first(running: MailHarness) -> None:
    placed = await running.place()
    await running.pay_half(placed)
    await running.finish(placed)
    other = await running.place()
    await running.settled(4)
    mine = (
        await running.http.get("/notifications", headers=await token(running.http, placed.account))
    ).json()["items"]
    theirs = (
        await running.http.get("/notifications", headers=await token(running.http, other.account))
    ).json()["items"]
    one = (
        await running.http.get("/notifications?limit=1", headers=await token(running.http, placed.account))
    ).json()["items"]
    assert (await running.http.get("/notifications")).status_code == 401
    kinds = [(line["kind"], line["paid"], line["missing"]) for line in mine]
    assert kinds == [
        ("payment_received", "0.000456", None),
        ("partial_payment", "0.000228", "0.000228"),
        ("order_placed", None, None),
    ]
    assert {line["mail"] for line in mine} == {"sent"}
    assert {line["order_number"] for line in mine} == {placed.order}
    assert [line["order_number"] for line in theirs] == [other.order]
    assert one == mine[:1]
    sent = {notification(mail.message_id) for mail in await running.mails.mails(placed.email)}
    assert sent == {line["id"] for line in mine}


@pytest.mark.parametrize(
    "email", ["a,b@example.com", "<a@example.com", "a..b@example.com", "ü@example.com", "a@[example"]
)
async def test_what_only_looks_like_an_address_is_given_up_and_holds_nothing_up(
    running: MailHarness, email: str
) -> None:
    await running.place(email)
    placed = await running.place()
    await running.mails.wait_for(placed.email)
    outcomes = await running.settled(2)
    assert sorted(outcomes.values()) == ["given up: this is no address that mails can be sent to", "sent"]


async def test_a_mail_that_can_not_be_written_is_tried_later_and_holds_nothing_up(
    harness: MailHarness,
) -> None:
    odd = OrderPlaced(
        order="HQADZ-ODDNAME1-XYZ9",
        account=CODES.account("odd@example.com"),
        email="odd@example.com",
        plan=BRONZE.model_copy(update={"name": "Bron\nBcc: all@example.com"}),
        coin="BTC",
        pay_by=utc_now() + timedelta(hours=1),
    )
    async with harness.gateway():
        await harness.billing.publish(f"order-{odd.order}", odd)
        await harness.request(odd)
        await until(lambda: harness.row("select true from outbox.outbox where attempts > 0"))
        placed = await harness.place()
        await harness.mails.wait_for(placed.email)
    assert await harness.mails.mails(odd.email) == []


async def test_an_erased_account_gets_no_mail_any_more(running: MailHarness) -> None:
    await running.mails.refuse()
    placed = await running.place()
    await running.expire(placed)
    waiting = "select count(*) = 2 from outbox.outbox where account = $1"
    await until(lambda: running.row(waiting, placed.account))
    async with operator(running.http, admin_token=ADMIN_TOKEN) as admin:

        async def erased() -> bool:
            return (await admin.post(f"accounts/{placed.account}/erase")).is_success

        await until(erased)  # once the read model shows that the order has expired
    await running.mails.heal()
    assert set((await running.settled(2)).values()) == {"given up: the account was erased"}
    assert await running.mails.mails() == []
