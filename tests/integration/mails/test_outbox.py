"""One mail per occasion, whatever happens to the gateway, the mail server, or the tables."""

import asyncio
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from adrelay.runtime.ports import free_port
from libs.events.billing import OrderPlaced
from libs.events.gateway import NotificationKind
from libs.events.values import NotificationId
from services.gateway.inbox.commands import Raise
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.mails.harness import HALF, MailHarness, address_of, code_in, notification
from tests.support.databases import opened
from tests.support.waiting import until

KILLS = 3
PLACED, PAID = NotificationKind.ORDER_PLACED, NotificationKind.PAYMENT_RECEIVED
PARTIAL, EXPIRED = NotificationKind.PARTIAL_PAYMENT, NotificationKind.ORDER_EXPIRED


def occasion(placed: OrderPlaced, kind: NotificationKind) -> NotificationId:
    """Return the notification that an occasion must have, and no other."""
    return Raise(
        account=placed.account,
        kind=kind,
        order=placed.order,
        mail=True,
        paid=HALF if kind is PARTIAL else None,
    ).notification


async def tell(harness: MailHarness, chance: random.Random) -> dict[str, str]:
    """Let an order run its course; return whom each of its notifications is for."""
    placed = await harness.place()
    kinds = [PLACED]
    if chance.random() < 0.4:
        await harness.pay_half(placed)
        kinds.append(PARTIAL)
    if chance.random() < 0.7:
        await harness.finish(placed)
        kinds.append(PAID)
    else:
        await harness.expire(placed)
        kinds.append(EXPIRED)
    return {str(occasion(placed, kind)): address_of(placed) for kind in kinds}


async def sent_at(harness: MailHarness) -> dict[str, datetime]:
    """Return when the gateway noted that each mail was sent."""
    rows = await harness.rows(
        "select data->>'notification' as id, at from engine.events where type = 'MailSent'"
    )
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["at"] for row in rows}


@pytest.mark.timeout(180)
async def test_a_gateway_killed_again_and_again_sends_each_mail_and_copies_only_what_it_could_not_note(
    harness: MailHarness,
) -> None:
    chance = random.Random(7)
    expected: dict[str, str] = {}
    await harness.mails.be_slow(0.05)
    for _ in range(KILLS):
        for _ in range(6):
            expected |= await tell(harness, chance)
        before = len(await harness.mails.mails())
        gateway = await harness.started()
        # from the moment at which mails go out again, some way into them
        await harness.mails.wait_for(count=before + chance.randint(1, 4), timeout_seconds=DEADLINE_SECONDS)
        await asyncio.sleep(chance.uniform(0, 0.15))
        await gateway.killed()
    gateway = await harness.started()
    outcomes = await harness.settled(len(expected))
    await gateway.killed()

    assert outcomes == dict.fromkeys(expected, "sent")
    mails = await harness.mails.mails()
    copies = Counter(notification(mail.message_id) for mail in mails)
    assert copies.keys() == expected.keys()
    assert sum(copies.values()) - len(copies) <= KILLS * 4, "only what was on its way can have a copy"
    noted = await sent_at(harness)
    for mail in mails:
        told = notification(mail.message_id)
        assert mail.recipients == (expected[told],)
        assert mail.at < noted[told], "nothing is sent once it is noted"


async def test_a_gateway_killed_between_acceptance_and_note_sends_a_copy_that_can_be_recognised(
    harness: MailHarness,
) -> None:
    await harness.mails.be_slow(60, count=1)
    gateway = await harness.started()
    placed = await harness.place()
    await harness.finish(placed)
    await harness.mails.wait_for(placed.email, count=2)
    await until(lambda: sent_at(harness))  # of the one that was answered
    await gateway.killed()
    await harness.mails.heal()
    async with harness.gateway():
        outcomes = await harness.settled(2)
    assert set(outcomes.values()) == {"sent"}
    mails = await harness.mails.mails(placed.email)
    copies = Counter(mail.message_id for mail in mails)
    assert sorted(copies.values()) == [1, 2]
    first, second = [mail for mail in mails if copies[mail.message_id] == 2]
    assert (first.subject, first.text, first.date) == (second.subject, second.text, second.date)


async def test_a_copy_of_the_mail_with_the_code_holds_the_code_again(harness: MailHarness) -> None:
    await harness.mails.drop_answers(count=1)
    placed = await harness.place(address=False)
    await harness.finish(placed)
    async with harness.gateway():
        first, second = await harness.mails.wait_for(placed.email, count=2)
        await harness.settled(2)
    assert code_in(first) is not None
    assert (first.text, first.html, first.message_id) == (second.text, second.html, second.message_id)


async def test_mails_wait_for_a_mail_server_that_is_down(harness: MailHarness) -> None:
    await harness.mails.refuse()
    async with harness.gateway():
        orders = [await harness.place() for _ in range(6)]
        await until(lambda: harness.row("select count(*) = 6 from outbox.outbox where attempts > 0"))
        assert await harness.mails.mails() == []
        await harness.mails.heal()
        await harness.settled(6)
    mails = await harness.mails.mails()
    assert sorted(mail.recipients[0] for mail in mails) == sorted(address_of(placed) for placed in orders)


REMEMBER_TRIES = """
create table public.tries (attempts int, put_off_at timestamptz, try_at timestamptz);
create function public.remember_try() returns trigger language plpgsql as
$$ begin
    insert into public.tries values (new.attempts, clock_timestamp(), new.try_at);
    return null;
end $$;
create trigger remember_try after update on outbox.outbox for each row
    when (new.attempts > old.attempts) execute function public.remember_try();
"""


async def test_pauses_between_tries_grow(harness: MailHarness) -> None:
    async with opened(harness.database) as connection:
        await connection.execute(REMEMBER_TRIES)
    await harness.mails.answer(451, "4.3.0 later")
    async with harness.gateway():
        await harness.place()
        await until(lambda: harness.row("select count(*) >= 3 from public.tries"))
        due: datetime = await harness.row("select raised_at from outbox.outbox")
    tries = await harness.rows("select put_off_at, try_at from public.tries order by attempts limit 3")
    for row, seconds in zip(tries, (2, 4, 8), strict=True):
        pause = timedelta(seconds=seconds)
        # a try begins when it is due or later, and is put off later still
        assert row["try_at"] - row["put_off_at"] <= pause <= row["try_at"] - due
        due = row["try_at"]


async def test_a_mailbox_that_is_refused_for_good_is_given_up_and_others_get_theirs(
    harness: MailHarness,
) -> None:
    async with harness.gateway():
        await harness.mails.answer(550, "5.1.1 <gone@example.com>: unknown", recipient="gone@example.com")
        gone = await harness.place("gone@example.com")
        there = await harness.place()
        outcomes = await harness.settled(2)
    assert outcomes == {
        str(occasion(gone, PLACED)): "given up: 550 5.1.1 <***>: unknown",
        str(occasion(there, PLACED)): "sent",
    }
    await harness.mails.heal()
    async with harness.gateway():
        later = await harness.place()
        await harness.mails.wait_for(later.email)
    assert await harness.mails.mails(gone.email) == []


async def test_a_server_that_hangs_with_one_mail_holds_no_other_up(harness: MailHarness) -> None:
    async with harness.gateway(smtp_timeout_seconds=2 * DEADLINE_SECONDS):
        await harness.mails.hang(seconds=2 * DEADLINE_SECONDS, count=1)
        slow = await harness.place()
        await until(harness.mails.faults, lambda faults: faults == [])  # it hangs with this one
        quick = await harness.place()
        await harness.mails.wait_for(quick.email)
        assert await harness.mails.mails(slow.email) == []
        await harness.mails.heal()
        await harness.mails.wait_for(slow.email)


async def test_what_could_not_be_sent_in_time_is_given_up_unsent(harness: MailHarness) -> None:
    await harness.mails.refuse()
    async with harness.gateway():
        placed = await harness.place()
        await until(lambda: harness.row("select true from outbox.outbox where attempts > 0"))
    await harness.mails.heal()
    old = "select now() - raised_at > '1 second' from outbox.outbox"
    await until(lambda: harness.row(old))
    async with harness.gateway(mail_give_up_seconds=1):
        outcomes = await harness.settled(1)
    assert outcomes == {str(occasion(placed, PLACED)): "given up: it could not be sent in time"}
    assert await harness.mails.mails() == []


async def test_a_gentle_stop_lets_a_mail_arrive_and_notes_it(
    harness: MailHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.mail.outbox._LAST_SECONDS", DEADLINE_SECONDS)

    async def answer_soon() -> None:
        await asyncio.sleep(0.5)  # by then it stops
        await harness.mails.heal()

    await harness.mails.be_slow(2 * DEADLINE_SECONDS)
    async with harness.gateway(smtp_timeout_seconds=DEADLINE_SECONDS):
        placed = await harness.place()
        await harness.mails.wait_for(placed.email)
        assert list((await harness.outcomes()).values()) == ["waiting"]
        answering = asyncio.create_task(answer_soon())
    await answering
    assert list((await harness.outcomes()).values()) == ["sent"]
    async with harness.gateway():
        later = await harness.place()
        await harness.mails.wait_for(later.email)
    assert len(await harness.mails.mails(placed.email)) == 1


async def test_two_gateways_share_the_work(harness: MailHarness) -> None:
    await harness.mails.be_slow(0.05)
    own = {"ADRELAY_GATEWAY_HTTP_PORT": str(free_port()), "ADRELAY_GATEWAY_METRICS_PORT": "0"}
    other = await harness.started(own)
    async with harness.gateway():
        orders = [await harness.place() for _ in range(20)]
        await harness.settled(20)
    await other.killed()
    mails = await harness.mails.mails()
    assert sorted(mail.recipients[0] for mail in mails) == sorted(address_of(placed) for placed in orders)


async def test_a_mail_that_was_taken_waits_for_its_note_and_is_not_sent_again(harness: MailHarness) -> None:
    async with harness.gateway(smtp_timeout_seconds=4) as http:
        await harness.mails.be_slow(2 * DEADLINE_SECONDS)
        placed = await harness.place()
        await harness.mails.wait_for(placed.email)
        async with opened(harness.database) as connection, connection.transaction():
            await connection.execute("lock table engine.events in share mode")  # nothing can be noted
            await harness.mails.heal()
            lease_over = "select claimed_until < now() - interval '1 second' from outbox.outbox"
            await until(lambda: harness.row(lease_over))
        await harness.settled(1)
        metrics = (await http.get(f"http://127.0.0.1:{harness.metrics_port}/metrics")).text
    assert len(await harness.mails.mails()) == 1
    assert 'adrelay_gateway_mails_total{outcome="sent"}' in metrics
