"""What is read, folded or started anew tells nobody a second time; correlation ids and logs of mails."""

from collections import Counter
from datetime import timedelta

import pytest

from adrelay.commands.events.tables.folded import tables_of
from libs.chassis.broker import connect_nats, event_stream
from libs.events.billing import OrderPlaced, PaymentFinished
from libs.eventsourcing import Causes, UnitOfWork
from libs.eventsourcing.operations.rebuilding import rebuild
from libs.eventsourcing.values import utc_now
from tests.integration.gateway.fake_services import append
from tests.integration.mails.harness import AMOUNT, CODES, MailHarness, code_in
from tests.support.waiting import until


async def say_long_ago(harness: MailHarness, said: OrderPlaced | PaymentFinished, age: timedelta) -> None:
    """Append what was said of an order so long ago."""

    async def work(unit: UnitOfWork) -> None:
        unit.at = utc_now() - age
        await append(unit, f"order-{said.order}", said)

    await harness.billing.engine.run(work, Causes.first("service:test"))


async def test_a_history_that_is_read_for_the_first_time_is_told_by_mail_for_its_last_day_only(
    harness: MailHarness,
) -> None:
    async with harness.gateway():
        template = await harness.place()
        await harness.mails.wait_for(template.email)
    orders = {
        age: template.model_copy(
            update={
                "order": f"HQADZ-OLD{age:04}-AAAA",
                "account": CODES.account(f"{age}@example.com"),
                "email": f"{age}@example.com",
            }
        )
        for age in (23, 25, 2000)
    }
    for age, placed in orders.items():
        await say_long_ago(harness, placed, timedelta(hours=age))
        await harness.request(placed)
    async with harness.gateway():
        await harness.settled(4)
    recipients = {mail.recipients[0] for mail in await harness.mails.mails()}
    assert recipients == {template.email, "23@example.com"}


async def test_who_paid_while_the_gateway_was_away_for_days_still_gets_the_code(harness: MailHarness) -> None:
    async with harness.gateway():
        placed = await harness.place()
        await harness.mails.wait_for(placed.email)
    paid = PaymentFinished(
        order=placed.order,
        account=placed.account,
        plan=placed.plan,
        payment="5001",
        paid=AMOUNT,
        coin=placed.coin,
        by_hand=False,
    )
    await say_long_ago(harness, paid, timedelta(days=3))
    async with harness.gateway():
        await until(lambda: harness.row("select count(*) = 2 from engine.events where type = 'MailSent'"))
    mails = await harness.mails.mails()
    assert sum(code_in(mail) is not None for mail in mails) == 1


async def test_events_that_are_read_once_more_are_not_told_again(harness: MailHarness) -> None:
    async with harness.gateway():
        placed = await harness.place()
        await harness.pay_half(placed)
        await harness.finish(placed)
        await harness.settled(3)
    assert await harness.row(
        "with gone as (delete from engine.checkpoints returning 1) select count(*) from gone"
    )
    async with harness.gateway():
        later = await harness.place()
        await harness.mails.wait_for(later.email)
        await harness.settled(4)
    assert Counter(mail.recipients[0] for mail in await harness.mails.mails()) == {
        placed.email: 3,
        later.email: 1,
    }


async def test_tables_that_are_folded_anew_send_nothing_again(harness: MailHarness) -> None:
    client = await connect_nats(harness.nats.url, "test")
    stream = event_stream(client, prefix=harness.prefix)
    async with harness.gateway() as http:
        sent = await harness.place()
        await harness.settled(1)
        await harness.mails.refuse()
        waiting = await harness.place()
        state = "select (attempts, try_at)::text from outbox.outbox where attempts > 0"
        before = await until(lambda: harness.row(state))
        tables = tables_of("gateway", harness.database)
        for table in ("outbox", "notifications"):
            await rebuild(tables, next(one for one in tables.all if one.name == table), stream=stream)
        assert await harness.row("select count(*) from outbox.outbox") == 1
        assert int((await harness.row(state)).strip("(").partition(",")[0]) >= int(before[1])
        await harness.mails.heal()
        await harness.mails.wait_for(waiting.email)
        assert (await http.get("/catalogue")).is_success
    await client.close()
    assert Counter(mail.recipients[0] for mail in await harness.mails.mails()) == {
        sent.email: 1,
        waiting.email: 1,
    }


async def test_a_correlated_tree_reaches_from_the_order_to_the_mail(harness: MailHarness) -> None:
    async with harness.gateway():
        placed = await harness.place()
        await harness.settled(1)
    first = (await harness.billing.events_of(f"order-{placed.order}"))[0].envelope
    raised, sent = await harness.rows(
        "select id, type, correlation_id, causation_id, actor from engine.events "
        "where stream like 'inbox-%' order by version"
    )
    assert (raised["type"], sent["type"]) == ("NotificationRaised", "MailSent")
    assert raised["correlation_id"] == sent["correlation_id"] == first.correlation_id
    assert (raised["causation_id"], sent["causation_id"]) == (first.id, raised["id"])


async def test_no_secret_is_logged(harness: MailHarness, capfd: pytest.CaptureFixture[str]) -> None:
    password = "sm7p-password-of-the-tests"
    async with harness.gateway(smtp_username="shop", smtp_password=password):
        placed = await harness.place()
        await harness.finish(placed)
        await until(lambda: harness.row("select count(*) = 2 from outbox.outbox where attempts > 0"))
    async with harness.gateway():
        code = await harness.first_code(placed.account)
        await harness.mails.answer(550, f"5.6.0 I don't like {code}", stage="data")
        outcomes = await harness.settled(2)
    said = str(capfd.readouterr()) + str(outcomes)
    assert "mail.not_taken" in said
    assert "I don't like ***" in said
    assert password not in said
    assert code not in said
