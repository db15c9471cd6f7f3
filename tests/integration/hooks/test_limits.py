"""What is stored for webhooks is bounded."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

import pytest

from libs.events.values import AccountId
from libs.eventsourcing.values import utc_now
from services.gateway.hooks import deliveries
from services.gateway.hooks.deliveries import DeliveryState, GivenUp
from tests.integration.hooks.receiver import Receiver
from tests.integration.hooks.sending import CAUSES, Sending, kill, opened_account

NOWHERE = "http://127.0.0.1:9/"


async def test_of_too_many_messages_the_oldest_are_given_up(
    sending: Sending, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.hooks.deliveries.MOST_WAITING", 3)
    hook, _ = await sending.add(receiver.url)
    first = await sending.tell(hook, 1)
    second = await sending.tell(hook, 1)
    last = await sending.tell(hook, 3)
    lines = {line.id: line for line in await sending.log(hook)}
    assert [lines[one].detail for one in (*first, *second)] == [GivenUp.TOO_MANY_WAITING] * 2
    assert {lines[one].state for one in last} == {DeliveryState.WAITING}


async def test_a_message_that_may_be_on_its_way_is_not_given_up(
    sending: Sending, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.gateway.hooks.deliveries.MOST_WAITING", 1)
    hook, _ = await sending.add(NOWHERE)
    (claimed,) = await sending.tell(hook, 1)
    assert (await claim(sending))[sending.account] == 1
    (later,) = await sending.tell(hook, 1)
    lines = {line.id: line.state for line in await sending.log(hook)}
    assert lines == {claimed: DeliveryState.WAITING, later: DeliveryState.GIVEN_UP}


async def test_an_account_with_many_webhooks_leaves_room_for_others(sending: Sending) -> None:
    await claim(sending)  # what other tests left
    for _ in range(5):
        await sending.tell((await sending.add(NOWHERE))[0], 3)
    other = Sending(sending.engine, sending.sealer, await opened_account(sending.engine))
    await other.tell((await other.add(NOWHERE))[0], 3)
    assert await claim(sending, 2) == {sending.account: 1, other.account: 1}
    assert await claim(sending) == {sending.account: 3, other.account: 1}
    assert await claim(sending) == {}


async def claim(sending: Sending, limit: int = 1000) -> Mapping[AccountId, int]:
    """Claim messages that are due; return how many of which account."""
    now = utc_now()
    until = now + timedelta(hours=1)  # no claim ends within a test
    found = await sending.engine.query(lambda sql: deliveries.claim_messages(sql, now, until, limit))
    return Counter(one.account for one in found)


async def test_ended_messages_are_kept_for_a_week_and_orphans_are_not(
    sending: Sending, receiver: Receiver
) -> None:
    hook, _ = await sending.add(receiver.url)
    sender = sending.start()
    await sending.tell(hook)
    await sending.ended(hook)
    await kill(sender)  # it gives up what is unwanted, too
    for days, left in ((6, 1), (8, 0)):
        at = utc_now() + timedelta(days=days)
        await sending.engine.query(partial(deliveries.forget_ended, at=at, limit=10))
        assert len(await sending.log(hook)) == left
    await sending.hooks.switch_off(sending.account, hook, CAUSES)
    await sending.tell(hook)
    assert await sending.engine.query(lambda sql: deliveries.give_up_unwanted(sql, utc_now())) == 1
    assert [line.detail for line in await sending.log(hook)] == [GivenUp.SWITCHED_OFF]


async def test_accounts_that_add_many_at_once_have_at_most_ten(sending: Sending) -> None:
    found = await asyncio.gather(*(sending.add(NOWHERE) for _ in range(14)), return_exceptions=True)
    assert len(await sending.hooks.all_of(sending.account)) == 10
    assert sum(isinstance(one, Exception) for one in found) == 4
