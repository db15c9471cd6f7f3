"""One mail per occasion, whatever happens to the gateway, the mail server, or the tables."""

import asyncio
import random
from collections import Counter
from datetime import datetime

import asyncpg
import pytest

from adrelay.runtime.ports import free_port
from libs.events.billing import OrderPlaced
from libs.events.gateway import NotificationKind
from libs.events.values import NotificationId
from services.gateway.inbox.commands import Raise
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.mails.stage import CODES, HALF, Stage, notification
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
        email=placed.email,
        mail=True,
        paid=HALF if kind is PARTIAL else None,
    ).notification


async def tell(stage: Stage, chance: random.Random) -> dict[str, str]:
    """Let an order run its course; return whom each of its notifications is for."""
    placed = await stage.place()
    kinds = [PLACED]
    if chance.random() < 0.4:
        await stage.pay_half(placed)
        kinds.append(PARTIAL)
    if chance.random() < 0.7:
        await stage.finish(placed)
        kinds.append(PAID)
    else:
        await stage.expire(placed)
        kinds.append(EXPIRED)
    return {str(occasion(placed, kind)): placed.email for kind in kinds}


async def sent_at(stage: Stage) -> dict[str, datetime]:
    """Return when the gateway noted that each mail was sent."""
    rows = await stage.rows(
        "select data->>'notification' as id, at from engine.events where type = 'MailSent'"
    )
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"]: row["at"] for row in rows}


@pytest.mark.timeout(180)
async def test_a_gateway_killed_again_and_again_sends_each_mail_and_copies_only_what_it_could_not_note(
    stage: Stage,
) -> None:
    chance = random.Random(7)
    expected: dict[str, str] = {}
    await stage.mails.be_slow(0.05)
    quick = {"ADRELAY_GATEWAY_SMTP_TIMEOUT_SECONDS": "1"}
    for _ in range(KILLS):
        for _ in range(6):
            expected |= await tell(stage, chance)
        before = len(await stage.mails.mails())
        gateway = await stage.started(quick)
        # from the moment at which mails go out again, some way into them
        await stage.mails.wait_for(count=before + chance.randint(1, 4), timeout_seconds=DEADLINE_SECONDS)
        await asyncio.sleep(chance.uniform(0, 0.15))
        await gateway.killed()
    gateway = await stage.started(quick)
    outcomes = await stage.settled(len(expected))
    await gateway.killed()

    assert outcomes == dict.fromkeys(expected, "sent")
    mails = await stage.mails.mails()
    copies = Counter(notification(mail.message_id) for mail in mails)
    assert copies.keys() == expected.keys()
    assert sum(copies.values()) - len(copies) <= KILLS * 4, "only what was on its way can have a copy"
    noted = await sent_at(stage)
    for mail in mails:
        told = notification(mail.message_id)
        assert mail.recipients == (expected[told],)
        assert mail.at < noted[told], "nothing is sent once it is noted"


async def test_a_gateway_killed_between_acceptance_and_note_sends_a_copy_that_can_be_recognised(
    stage: Stage,
) -> None:
    await stage.mails.be_slow(60, count=1)
    gateway = await stage.started()
    placed = await stage.place()
    await stage.finish(placed)
    await stage.mails.wait_for(placed.email, count=2)
    await until(lambda: sent_at(stage))  # of the one that was answered
    await gateway.killed()
    await stage.mails.heal()
    async with stage.gateway():
        outcomes = await stage.settled(2)
    assert set(outcomes.values()) == {"sent"}
    mails = await stage.mails.mails(placed.email)
    copies = Counter(mail.message_id for mail in mails)
    assert sorted(copies.values()) == [1, 2]
    first, second = [mail for mail in mails if copies[mail.message_id] == 2]
    assert (first.subject, first.text, first.date) == (second.subject, second.text, second.date)


async def test_a_copy_of_the_mail_with_the_code_holds_the_code_again(stage: Stage) -> None:
    await stage.mails.drop_answers(count=1)
    placed = await stage.place(address=False)
    await stage.finish(placed)
    async with stage.gateway():
        first, second = await stage.mails.wait_for(placed.email, count=2)
        await stage.settled(2)
    code = CODES.first(placed.account)
    assert code in first.text
    assert (first.text, first.html, first.message_id) == (second.text, second.html, second.message_id)


async def test_mails_wait_for_a_mail_server_that_is_down(stage: Stage) -> None:
    await stage.mails.refuse()
    async with stage.gateway():
        orders = [await stage.place() for _ in range(6)]
        await until(lambda: stage.row("select count(*) = 6 from outbox.outbox where attempts > 0"))
        assert await stage.mails.mails() == []
        await stage.mails.heal()
        await stage.settled(6)
    mails = await stage.mails.mails()
    assert sorted(mail.recipients[0] for mail in mails) == sorted(placed.email for placed in orders)


async def test_pauses_between_tries_grow(stage: Stage) -> None:
    await stage.mails.answer(451, "4.3.0 later")
    async with stage.gateway():
        await stage.place()
        pause = "select extract(epoch from try_at - now()) from outbox.outbox where attempts = $1"
        for attempts, least in ((1, 1), (2, 3), (3, 7)):
            assert least < await until(lambda many=attempts: stage.row(pause, many)) <= least + 1.5  # type: ignore[misc]  # each its own


async def test_a_mailbox_that_is_refused_for_good_is_given_up_and_others_get_theirs(stage: Stage) -> None:
    async with stage.gateway():
        await stage.mails.answer(550, "5.1.1 no such user", recipient="gone@example.com")
        gone = await stage.place("gone@example.com")
        there = await stage.place()
        outcomes = await stage.settled(2)
    assert outcomes == {
        str(occasion(gone, PLACED)): "given up: 550 5.1.1 no such user",
        str(occasion(there, PLACED)): "sent",
    }
    await stage.mails.heal()
    async with stage.gateway():
        later = await stage.place()
        await stage.mails.wait_for(later.email)
    assert await stage.mails.mails(gone.email) == []


async def test_a_server_that_hangs_with_one_mail_holds_no_other_up(stage: Stage) -> None:
    async with stage.gateway(smtp_timeout_seconds=20):
        await stage.mails.hang(seconds=60, count=1)
        slow = await stage.place()
        await until(lambda: stage.row("select true from outbox.outbox where claimed_until > now()"))
        quick = await stage.place()
        await stage.mails.wait_for(quick.email, timeout_seconds=5)
        assert await stage.mails.mails(slow.email) == []
        await stage.mails.heal()
        await stage.mails.wait_for(slow.email)


async def test_what_could_not_be_sent_in_time_is_given_up_unsent(stage: Stage) -> None:
    await stage.mails.refuse()
    async with stage.gateway():
        placed = await stage.place()
        await until(lambda: stage.row("select true from outbox.outbox where attempts > 0"))
    await stage.mails.heal()
    old = "select now() - raised_at > '1 second' from outbox.outbox"
    await until(lambda: stage.row(old))
    async with stage.gateway(mail_give_up_seconds=1):
        outcomes = await stage.settled(1)
    assert outcomes == {str(occasion(placed, PLACED)): "given up: it could not be sent in time"}
    assert await stage.mails.mails() == []


async def test_a_gentle_stop_lets_a_mail_arrive_and_notes_it(stage: Stage) -> None:
    await stage.mails.be_slow(0.5)
    async with stage.gateway():
        placed = await stage.place()
        await stage.mails.wait_for(placed.email)
        assert list((await stage.outcomes()).values()) == ["waiting"]
    assert list((await stage.outcomes()).values()) == ["sent"]
    async with stage.gateway():
        later = await stage.place()
        await stage.mails.wait_for(later.email)
    assert len(await stage.mails.mails(placed.email)) == 1


async def test_two_gateways_share_the_work(stage: Stage) -> None:
    await stage.mails.be_slow(0.05)
    other = await stage.started({"ADRELAY_GATEWAY_HTTP_PORT": str(free_port())})
    async with stage.gateway():
        orders = [await stage.place() for _ in range(20)]
        await stage.settled(20)
    await other.killed()
    mails = await stage.mails.mails()
    assert sorted(mail.recipients[0] for mail in mails) == sorted(placed.email for placed in orders)


async def test_a_mail_that_was_taken_waits_for_its_note_and_is_not_sent_again(stage: Stage) -> None:
    async with stage.gateway(smtp_timeout_seconds=0.5) as http:
        connection = await asyncpg.connect(stage.database)  # at once: the note must not be quicker
        await stage.mails.be_slow(0.3)
        placed = await stage.place()
        await stage.mails.wait_for(placed.email)
        async with connection.transaction():
            await connection.execute("lock table engine.events in share mode")  # nothing can be noted
            lease_over = "select claimed_until < now() - interval '1 second' from outbox.outbox"
            await until(lambda: stage.row(lease_over))
        await connection.close()
        await stage.settled(1)
        metrics = (await http.get(f"http://127.0.0.1:{stage.port}/metrics")).text
    assert len(await stage.mails.mails()) == 1
    assert 'adrelay_gateway_mails_total{outcome="sent"}' in metrics
