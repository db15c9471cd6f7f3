"""Faults on purpose: each kind, whom it meets, and for how long."""

# ruff: noqa: ANN401 - Telethon ships no types

import asyncio
import time
from typing import Any

import pytest
from pydantic import ValidationError

from sandbox.telegram import (
    AccountSpec,
    AccountView,
    ChatView,
    FaultAction,
    FaultMoment,
    FaultSpec,
    JournalQuery,
    TelegramSandbox,
    UnknownError,
)
from tests.deadlines import DEADLINE_SECONDS
from tests.integration.telegram_sandbox.conftest import Connect, MakeChat
from tests.integration.telegram_sandbox.plain_telethon import F, T, errors, forward
from tests.support.waiting import until

FORWARD = "messages.forwardMessages"
BEFORE, AFTER = FaultMoment.BEFORE, FaultMoment.AFTER


async def whoami(client: Any) -> Any:
    return await client(F.users.GetUsersRequest([T.InputUserSelf()]))


async def struck(sandbox: TelegramSandbox) -> bool:
    return any(one.struck for one in sandbox.faults())


async def test_a_flood_wait_strikes_as_often_as_it_should(
    sandbox: TelegramSandbox, account: AccountView, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    fault = sandbox.inject_fault(FaultSpec(account=account.id, method=FORWARD, name="FLOOD_WAIT_17", times=2))
    for _ in range(2):
        client._flood_waited_requests.clear()  # Telethon itself would refuse the second one
        with pytest.raises(errors.FloodWaitError) as refusal:
            await client(forward(source, [1], target, [1]))
        assert (refusal.value.seconds, refusal.value.code) == (17, 420)
    client._flood_waited_requests.clear()
    await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == 1
    (view,) = sandbox.faults()
    assert (view.id, view.struck, view.times_left) == (fault.id, 2, 0)


@pytest.mark.parametrize(
    ("name", "code", "error"),
    [
        ("PEER_FLOOD", 400, errors.PeerFloodError),
        ("CHAT_RESTRICTED", 400, errors.ChatRestrictedError),
        ("FROZEN_METHOD_INVALID", 420, errors.FrozenMethodInvalidError),
        ("USER_DEACTIVATED_BAN", 401, errors.UserDeactivatedBanError),
        ("CHAT_WRITE_FORBIDDEN", 403, errors.ChatWriteForbiddenError),
        ("RPC_CALL_FAIL", 500, errors.RpcCallFailError),
        ("SOMETHING_NEW_HERE", 400, errors.BadRequestError),
    ],
)
async def test_any_error_can_be_injected_and_known_names_have_their_numbers(
    sandbox: TelegramSandbox,
    client: Any,
    source: Any,
    target: Any,
    name: str,
    code: int,
    error: type[Exception],
) -> None:
    sandbox.inject_fault(FaultSpec(method=FORWARD, name=name))
    with pytest.raises(error) as refusal:  # past Telethon's own retries of a 500
        await client._sender.send(forward(source, [1], target, [1]))
    assert getattr(refusal.value, "code", None) == code


async def test_the_number_of_an_error_can_be_said(
    sandbox: TelegramSandbox, client: Any, source: Any, target: Any
) -> None:
    sandbox.inject_fault(FaultSpec(method=FORWARD, name="SOMETHING_NEW_HERE", code=403))
    with pytest.raises(errors.ForbiddenError) as refusal:
        await client(forward(source, [1], target, [1]))
    assert refusal.value.message == "SOMETHING_NEW_HERE"


async def test_a_fault_meets_only_its_account_its_method_and_its_chat(
    sandbox: TelegramSandbox,
    account: AccountView,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    make_group: MakeChat,
) -> None:
    other = await client.get_input_entity(make_group().username)
    somebody = sandbox.create_account(AccountSpec(name="Somebody"))
    for spec in (
        FaultSpec(account=somebody.id, name="PEER_FLOOD"),
        FaultSpec(account=account.id, method="messages.sendMessage", name="PEER_FLOOD"),
        FaultSpec(account=account.id, method=FORWARD.lower(), chat=group.marked_id, name="CHAT_RESTRICTED"),
    ):
        sandbox.inject_fault(spec)
    await client(forward(source, [1], other, [1]))
    assert await whoami(client)
    with pytest.raises(errors.ChatRestrictedError):
        await client(forward(source, [1], target, [2]))
    with pytest.raises(errors.PeerFloodError):
        await client.send_message(other, "text")


async def test_a_fault_of_the_source_meets_forwards_from_it(
    sandbox: TelegramSandbox, client: Any, news: ChatView, source: Any, target: Any
) -> None:
    sandbox.inject_fault(FaultSpec(chat=news.id, name="CHANNEL_PRIVATE"))
    with pytest.raises(errors.ChannelPrivateError):
        await client(forward(source, [1], target, [1]))


async def test_several_faults_make_a_sequence(
    sandbox: TelegramSandbox, client: Any, source: Any, target: Any
) -> None:
    for name in ("PEER_FLOOD", "CHAT_RESTRICTED"):
        sandbox.inject_fault(FaultSpec(method=FORWARD, name=name, times=1))
    for error in (errors.PeerFloodError, errors.ChatRestrictedError):
        with pytest.raises(error):
            await client(forward(source, [1], target, [1]))
    await client(forward(source, [1], target, [1]))


async def test_a_fault_ends_with_its_time_and_when_it_is_removed(
    sandbox: TelegramSandbox, client: Any
) -> None:
    started = time.monotonic()
    sandbox.inject_fault(FaultSpec(method="users.getUsers", name="TIMED", for_seconds=1.0))
    async with asyncio.timeout(DEADLINE_SECONDS):
        while True:
            try:
                await whoami(client)
            except errors.BadRequestError:
                await asyncio.sleep(0.02)  # the fault's time is what this test is about
            else:
                break
    assert time.monotonic() - started > 0.95
    lasting = sandbox.inject_fault(FaultSpec(method="users.getUsers", name="LASTING"))
    with pytest.raises(errors.BadRequestError):
        await whoami(client)
    sandbox.remove_fault(lasting.id)
    assert await whoami(client)
    with pytest.raises(UnknownError):
        sandbox.remove_fault(lasting.id)


@pytest.mark.parametrize(("moment", "written"), [(BEFORE, 0), (AFTER, 1)])
async def test_a_dropped_connection_loses_the_call_or_its_answer(
    sandbox: TelegramSandbox,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    moment: FaultMoment,
    written: int,
) -> None:
    sandbox.inject_fault(
        FaultSpec(method=FORWARD, action=FaultAction.DROP_CONNECTION, moment=moment, times=1)
    )
    with pytest.raises((ConnectionError, asyncio.CancelledError)):
        await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == written
    (entry,) = sandbox.journal(JournalQuery(method=FORWARD))
    assert (entry.outcome, entry.answered) == ("ok" if written else "not_executed", False)
    assert entry.fault is not None


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
async def test_telethon_sends_again_after_a_dropped_connection_and_one_message_comes_of_it(
    sandbox: TelegramSandbox,
    account: AccountView,
    connect: Connect,
    group: ChatView,
    news: ChatView,
    moment: FaultMoment,
) -> None:
    client = await connect(sandbox.mint_session(account.id), auto_reconnect=True, retry_delay=0)
    source, target = [await client.get_input_entity(one.username) for one in (news, group)]
    sandbox.inject_fault(
        FaultSpec(method=FORWARD, action=FaultAction.DROP_CONNECTION, moment=moment, times=3)
    )
    async with asyncio.timeout(DEADLINE_SECONDS):
        await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == 1
    assert not sandbox.sessions(account.id)[0].ever_held_twice


@pytest.mark.parametrize(("moment", "written"), [(BEFORE, 0), (AFTER, 1)])
async def test_a_call_may_never_be_answered(
    sandbox: TelegramSandbox,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    moment: FaultMoment,
    written: int,
) -> None:
    sandbox.inject_fault(FaultSpec(method=FORWARD, action=FaultAction.NEVER_ANSWER, moment=moment, times=1))
    call = asyncio.create_task(client(forward(source, [1], target, [1])))
    await until(lambda: struck(sandbox))
    await asyncio.wait({call}, timeout=0.3)
    assert not call.done()
    call.cancel()
    assert len(sandbox.messages(group.id)) == written
    assert await whoami(client)


@pytest.mark.parametrize(("moment", "at_once"), [(BEFORE, 0), (AFTER, 1)])
async def test_a_call_or_its_answer_may_be_late(
    sandbox: TelegramSandbox,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    moment: FaultMoment,
    at_once: int,
) -> None:
    sandbox.inject_fault(
        FaultSpec(method=FORWARD, action=FaultAction.DELAY, moment=moment, seconds=1.0, times=1)
    )
    started = time.monotonic()
    call = asyncio.create_task(client(forward(source, [1], target, [1])))
    assert await whoami(client)  # others are not held up
    written = len(sandbox.messages(group.id))
    if time.monotonic() - started < 1.0:  # a busy machine may see only what comes of it
        assert written == at_once
    await call
    assert time.monotonic() - started >= 1.0
    assert len(sandbox.messages(group.id)) == 1


async def test_a_delayed_call_is_executed_even_if_its_client_has_gone(
    sandbox: TelegramSandbox, client: Any, group: ChatView, source: Any, target: Any
) -> None:
    sandbox.inject_fault(FaultSpec(method=FORWARD, action=FaultAction.DELAY, seconds=0.2, times=1))
    call = asyncio.create_task(client(forward(source, [1], target, [1])))
    assert await whoami(client)
    await client.disconnect()
    await asyncio.gather(call, return_exceptions=True)
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not sandbox.messages(group.id):  # noqa: ASYNC110 - nobody is told of it: that is the point
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(("moment", "at_once"), [(BEFORE, 0), (AFTER, 1)])
async def test_a_call_or_its_answer_may_be_held_until_the_fault_is_removed(
    sandbox: TelegramSandbox,
    client: Any,
    group: ChatView,
    source: Any,
    target: Any,
    moment: FaultMoment,
    at_once: int,
) -> None:
    fault = sandbox.inject_fault(FaultSpec(method=FORWARD, action=FaultAction.HOLD, moment=moment, times=1))
    call = asyncio.create_task(client(forward(source, [1], target, [1])))
    assert await whoami(client)
    assert (len(sandbox.messages(group.id)), call.done()) == (at_once, False)
    sandbox.remove_fault(fault.id)
    await call
    assert len(sandbox.messages(group.id)) == 1


@pytest.mark.parametrize(
    "spec",
    [
        {"action": "error"},
        {"action": "delay"},
        {"action": "drop_connection", "name": "FLOOD_WAIT_1"},
        {"name": "X", "times": 0},
        {"name": "X", "seconds": 3},
        {"name": "X", "forever": True},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(spec: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FaultSpec.model_validate(spec)


@pytest.mark.parametrize("moment", [BEFORE, AFTER])
async def test_an_unreadable_answer_is_of_a_type_that_telethon_does_not_know(
    sandbox: TelegramSandbox, client: Any, group: ChatView, source: Any, target: Any, moment: FaultMoment
) -> None:
    sandbox.inject_fault(FaultSpec(method=FORWARD, action=FaultAction.UNREADABLE, moment=moment, times=1))
    with pytest.raises(errors.TypeNotFoundError):
        await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == (1 if moment is AFTER else 0)
    await client(forward(source, [1], target, [1]))
    assert len(sandbox.messages(group.id)) == 1
