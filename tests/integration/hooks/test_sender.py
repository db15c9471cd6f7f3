"""Messages of webhooks arrive signed, once if the receiver takes them, and again if it does not."""

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta
from functools import partial

import pytest
from standardwebhooks.webhooks import WebhookVerificationError

from libs.events.gateway import HookOffReason
from libs.eventsourcing import Row, Sql
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.hooks import deliveries
from services.gateway.hooks.deliveries import DeliveryState, GivenUp, next_due
from services.gateway.hooks.posting import Trouble
from tests.integration.hooks.receiver import Receiver, answer, receiving
from tests.integration.hooks.sending import CAUSES, Sending, kill
from tests.support.waiting import until

END_CLAIMS = "update webhooks.deliveries set try_at = now(), claimed_until = now() where hook = $1"


async def _fetch(query: str, sql: Sql) -> list[Row]:
    return await sql.fetch(query)


async def test_a_message_is_signed_after_standard_webhooks_and_says_what_to_look_at(
    sending: Sending, receiver: Receiver
) -> None:
    hook, secret = await sending.add(receiver.url)
    sending.start()
    (message,) = await sending.tell(hook)
    (line,) = await sending.ended(hook)
    (got,) = receiver.got
    body = got.verified(secret)
    assert (got.id, got.path, got.headers["content-type"]) == (str(message), "/hook", "application/json")
    assert body["type"] == "adbot.stopped"
    assert body["data"] == {
        "kind": "adbot",
        "id": body["data"]["id"],
        "event": "stopped",
        "at": body["timestamp"],
    }
    assert (line.state, line.attempts, line.last_status, line.last_error) == (
        DeliveryState.DELIVERED,
        1,
        200,
        None,
    )
    with pytest.raises(WebhookVerificationError):
        got.verified("whsec_" + "A" * 43 + "=")


async def test_a_message_is_sent_again_with_the_same_id_and_body_until_it_is_taken(
    sending: Sending, receiver: Receiver
) -> None:
    receiver.answers.extend([answer(500), answer(302, "location: http://127.0.0.1/"), answer(404)])
    hook, secret = await sending.add(receiver.url)
    sending.start()
    await sending.tell(hook)
    (line,) = await sending.ended(hook)
    assert (line.state, line.attempts) == (DeliveryState.DELIVERED, 4)
    assert len({(one.id, one.body) for one in receiver.got}) == 1
    assert [one.path for one in receiver.got] == ["/hook"] * 4, "a redirect is not followed"
    for one in receiver.got:
        one.verified(secret)


@pytest.mark.parametrize(
    ("reply", "trouble", "status"),
    [
        (answer(500), Trouble.STATUS, 500),
        (answer(307, "location: https://example.org/"), Trouble.REDIRECTED, 307),
        (b"no HTTP at all\r\n\r\n", Trouble.MALFORMED_ANSWER, None),
        (b"", Trouble.MALFORMED_ANSWER, None),
        (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000, Trouble.MALFORMED_ANSWER, None),
        (None, Trouble.TIMEOUT, None),
    ],
)
async def test_a_message_that_is_never_taken_is_given_up(
    sending: Sending,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    reply: bytes | None,
    trouble: Trouble,
    status: int | None,
) -> None:
    if trouble is Trouble.TIMEOUT:
        monkeypatch.setattr("services.gateway.hooks.posting.TIMEOUT_SECONDS", 0.1)
    receiver.usual = reply
    hook, _ = await sending.add(receiver.url)
    sending.start()
    await sending.tell(hook)
    (line,) = await sending.ended(hook)
    assert (line.state, line.detail, line.attempts) == (DeliveryState.GIVEN_UP, GivenUp.NOT_TAKEN, 9)
    assert (line.last_error, line.last_status) == (trouble, status)
    if trouble is not Trouble.TIMEOUT:  # on a busy machine, so short an attempt may end before it arrives
        assert len(receiver.got) == 9


async def test_a_message_that_is_sent_again_is_due_at_once(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.usual = answer(503)
    hook, _ = await sending.add(receiver.url)
    sending.start()
    (message,) = await sending.tell(hook)
    (line,) = await sending.ended(hook)
    assert line.state is DeliveryState.GIVEN_UP

    loops = "libs.eventsourcing.writing.durable_effect"
    monkeypatch.setattr(f"{loops}.LONGEST_SLEEP_SECONDS", 3600.0)
    monkeypatch.setattr(f"{loops}.CHANGE_SECONDS", 0.0)
    receiver.usual = answer(200)
    other, _ = await sending.add(receiver.url)
    await sending.tell(other)
    await sending.ended(other)
    looks = 0

    async def counted(sql: Sql) -> datetime | None:
        nonlocal looks
        looks += 1
        return await next_due(sql)

    monkeypatch.setattr("services.gateway.hooks.sender.next_due", counted)

    async def sleeps() -> bool:
        before = looks
        await asyncio.sleep(0.3)  # awake, it would look in between
        return looks == before

    await until(sleeps)
    before = len(receiver.got)
    await sending.hooks.send_again(sending.account, hook, message)
    await receiver.wait_for(before + 1)


async def test_a_huge_answer_is_not_read(sending: Sending, receiver: Receiver) -> None:
    receiver.usual = answer(200, body=b"x" * 50_000_000)
    hook, _ = await sending.add(receiver.url)
    tried = await sending.hooks.test(sending.account, hook)
    assert (tried.answer.trouble, tried.answer.body) == (None, b"x" * 1024)


async def test_nobody_listens(sending: Sending) -> None:
    async with receiving() as gone:
        url = gone.url
    hook, _ = await sending.add(url)
    tried = await sending.hooks.test(sending.account, hook)
    assert (tried.answer.trouble, tried.answer.status) == (Trouble.CONNECTION_FAILED, None)


async def test_a_receiver_can_ask_for_a_longer_pause(sending: Sending, receiver: Receiver) -> None:
    receiver.answers.append(answer(503, "Retry-After: 3600"))
    hook, _ = await sending.add(receiver.url)
    sending.start()
    await sending.tell(hook)

    async def tried() -> bool:
        return (await sending.log(hook))[0].attempts == 1

    await until(tried)
    (line,) = await sending.log(hook)
    assert line.next_attempt_at is not None
    assert timedelta(minutes=59) < line.next_attempt_at - utc_now() <= timedelta(hours=1)


async def test_a_receiver_that_answers_410_is_left_alone_and_its_owner_told(
    sending: Sending, receiver: Receiver
) -> None:
    receiver.usual = answer(410)
    hook, _ = await sending.add(receiver.url)
    await sending.tell(hook, 4)
    sending.start()
    lines = await sending.ended(hook, 4)
    counts = Counter(line.detail for line in lines)
    assert counts[GivenUp.GONE] in {1, 2}
    assert counts[GivenUp.GONE] + counts[GivenUp.SWITCHED_OFF] == 4
    known = await sending.hooks.one_of(sending.account, hook)
    assert known.off_why is HookOffReason.GONE
    (told,) = await sending.notifications()
    assert (told.kind, told.hook, told.order) == ("webhook_off", hook, None)
    assert "410" in told.detail
    await sending.hooks.switch_on(sending.account, hook, CAUSES)
    assert (await sending.hooks.one_of(sending.account, hook)).off_why is None


async def test_a_receiver_that_takes_nothing_is_switched_off_and_its_owner_told_once(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.hooks.retrying.MOST_GIVEN_UP", 2)
    receiver.usual = answer(500)
    hook, _ = await sending.add(receiver.url)
    await sending.tell(hook, 5)
    sending.start()
    lines = await sending.ended(hook, 5)
    assert Counter(line.detail for line in lines)[GivenUp.NOT_TAKEN] >= 2
    assert (await sending.hooks.one_of(sending.account, hook)).off_why is HookOffReason.FAILING
    assert len(await sending.notifications()) == 1


async def test_a_message_that_is_taken_ends_the_count_of_failures(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.hooks.retrying.MOST_GIVEN_UP", 2)
    hook, _ = await sending.add(receiver.url)
    sending.start()
    for number, usual in enumerate([answer(500), answer(200), answer(500)], 1):
        receiver.usual = usual
        await sending.tell(hook)
        await sending.ended(hook, number)
    assert (await sending.hooks.one_of(sending.account, hook)).off_why is None


async def test_a_killed_sender_sends_the_message_again_with_the_same_id(
    sending: Sending, receiver: Receiver
) -> None:
    receiver.answers.append(None)
    hook, secret = await sending.add(receiver.url)
    first = sending.start()
    await sending.tell(hook)
    await receiver.wait_for(1)
    await kill(first)
    assert [line.attempts for line in await sending.log(hook)] == [0]
    await sending.engine.query(lambda sql: sql.execute(END_CLAIMS, hook))
    sending.start()
    await sending.ended(hook)
    before, after = receiver.got
    assert before.id == after.id
    assert before.verified(secret) == after.verified(secret)


async def test_two_senders_send_each_message_once_and_two_at_a_time(
    sending: Sending, receiver: Receiver
) -> None:
    hook, _ = await sending.add(receiver.url)
    messages = await sending.tell(hook, 12)
    sending.start()
    sending.start()
    await sending.ended(hook, 12)
    assert Counter(one.id for one in receiver.got) == Counter(map(str, messages))
    assert receiver.most_in_flight <= deliveries.MOST_IN_FLIGHT


async def test_a_slow_receiver_holds_up_no_other(sending: Sending, receiver: Receiver) -> None:
    async with receiving() as slow:
        slow.usual = None
        hung, _ = await sending.add(slow.url)
        quick, _ = await sending.add(receiver.url)
        await sending.tell(hung, 20)
        sending.start()
        await slow.wait_for(2)
        await sending.tell(quick, 5)
        await sending.ended(quick, 5)
        assert len(slow.got) == 2


async def test_both_secrets_sign_for_a_day_after_a_rotation(sending: Sending, receiver: Receiver) -> None:
    hook, old = await sending.add(receiver.url)
    new = await sending.hooks.rotate(sending.account, hook, new_id(), CAUSES)
    assert new != old
    await sending.hooks.test(sending.account, hook)
    for secret in (old, new):
        assert receiver.got[0].verified(secret)["type"] == "test"
    await sending.engine.query(
        lambda sql: sql.execute(
            "update webhooks.endpoints set old_until = $2 where hook = $1", hook, utc_now()
        )
    )
    await sending.hooks.test(sending.account, hook)
    assert receiver.got[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.got[1].verified(old)


async def test_a_secret_is_stored_sealed_and_in_no_event(sending: Sending, receiver: Receiver) -> None:
    hook, secret = await sending.add(receiver.url)
    text = json.dumps(
        [
            dict(row)
            for query in (
                "select data::text as text from engine.events",
                "select encode(sealed, 'base64') as text from webhooks.endpoints",
                "select encode(sealed, 'escape') as text from webhooks.endpoints",
            )
            for row in await sending.engine.query(partial(_fetch, query))
        ]
    )
    assert str(hook) in text
    assert secret not in text
    assert secret.removeprefix("whsec_") not in text


async def test_a_private_address_is_not_connected_to(sending: Sending, receiver: Receiver) -> None:
    hook, _ = await sending.add(receiver.url.replace("127.0.0.1", "localhost"))
    sending.start(sending.poster_with(sending.resolver))
    await sending.tell(hook)
    (line,) = await sending.ended(hook)
    assert (line.state, line.last_error) == (DeliveryState.GIVEN_UP, Trouble.PRIVATE_ADDRESS)
    assert receiver.got == []
