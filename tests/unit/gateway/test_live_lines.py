"""Live lines: slow readers are dropped, streams end with the token, and the format of events."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import cast
from uuid import uuid4

import pytest
from starlette.types import Message

from libs.events.values import AccountId, AdbotId
from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.values import Cursor, utc_now
from services.gateway.api.adbots import live
from services.gateway.api.requests import listening
from services.gateway.api.requests.event_stream import EventStreamResponse
from services.gateway.api.requests.listening import Listening, event_stream
from services.gateway.api.requests.problems import Denied
from services.gateway.live import log_lines
from services.gateway.live.feed import Feed
from services.gateway.live.listener import MOST_WAITING, EndReason, Listener
from services.gateway.live.log_lines import LogLines
from services.gateway.live.message import Message as Given
from services.gateway.live.wire import HEARTBEAT, rendered
from services.gateway.tables.delivery_log import LinePosition
from tests.deadlines import DEADLINE_SECONDS
from tests.support.clock import Clock

ADBOT = AdbotId(uuid4())
VALID = timedelta(hours=1)


def line(number: int) -> Given:
    return Given(ADBOT, "line", f'{{"number":{number}}}', f"1-{number}-1", "forwarder", (1, number, 1))


def listener() -> Listener:
    return Listener(AccountId(uuid4()), ADBOT)


async def test_a_slow_reader_is_dropped_and_nothing_is_kept_for_it() -> None:
    slow = listener()
    for number in range(MOST_WAITING):
        slow.put(line(number + 1))
    assert slow.ended is None
    slow.put(line(MOST_WAITING + 1))
    assert slow.ended is EndReason.TOO_SLOW
    assert await slow.take(1) == []


class Folding:
    """A reader of read models whose checkpoint is asked for slowly."""

    async def checkpoints(self, sources: Sequence[str]) -> dict[str, Cursor]:
        await asyncio.sleep(0)
        return {source: Cursor(len(source), 1) for source in sources}

    async def advanced(self, within_seconds: float) -> None:
        await asyncio.sleep(within_seconds)


async def test_listeners_that_join_at_once_are_limited_too() -> None:
    feed = Feed(cast("Engine", None), Folding(), LogLines(), most=3, most_per_account=2)
    accounts = [AccountId(uuid4()) for _ in range(2)]
    joined = await asyncio.gather(
        *(feed.join(account, ADBOT, None) for account in accounts * 3), return_exceptions=True
    )
    listeners = [one[0] for one in joined if isinstance(one, tuple)]
    assert Counter(one.account for one in listeners) == {accounts[0]: 2, accounts[1]: 1}
    feed.leave(listeners[0])
    await feed.join(accounts[1], ADBOT, None)


async def test_lines_that_a_listener_got_before_are_not_given_again() -> None:
    resumed = listener()
    resumed.put(line(6))  # between its joining and its beginning
    resumed.begin_after({"forwarder": (1, 7, 2**15 - 1)})
    resumed.put(line(7))
    resumed.put(line(8))
    assert [one.key for one in await resumed.take(1)] == ["1-8-1"]


async def test_operators_may_listen_to_any_adbot_and_owners_to_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, operator, other = listener(), Listener(None, ADBOT), listener()

    async def owners_of(*_: object) -> dict[AdbotId, AccountId | None]:
        await asyncio.sleep(0)
        return {ADBOT: owner.account}

    monkeypatch.setattr(log_lines, "owners_of", owners_of)
    assert await LogLines().lost(cast("Sql", None), [owner, operator, other]) == [other]


async def test_a_stream_has_heartbeats_and_ends_when_the_token_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = Clock()
    monkeypatch.setattr(listening, "time", clock)  # the module's, not the process's
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.01)
    stream = event_stream(Listening(listener(), utc_now() + VALID, valid), [line(3)], gap=None)
    first = await anext(stream)
    assert first.startswith(b"retry: 3000\n\nid: 1-3-1\nevent: line\ndata: {")
    assert await anext(stream) == HEARTBEAT + b"\n"
    clock.now += VALID.total_seconds()
    assert [chunk async for chunk in stream] == [b'event: end\ndata: {"code": "token_expired"}\n\n']


async def test_a_heartbeat_says_what_to_resume_after_once_all_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.01)
    feed = Feed(cast("Engine", None), Folding(), LogLines(), most=1, most_per_account=1)
    one, _ = await feed.join(None, ADBOT, None)
    stream = event_stream(Listening(one, None, valid), [], gap=None)
    async with asyncio.timeout(DEADLINE_SECONDS):
        async for chunk in stream:
            if chunk == HEARTBEAT + b"id: 9-1-32767\n\n":
                one.end(EndReason.STOPPING)
    waiting, unknown = listener(), Listener(None, ADBOT, str)
    waiting.put(line(1))
    unknown.put(line(1))
    assert (waiting.key, unknown.key) == ("", "")
    await unknown.take(1)
    assert unknown.key == "{}"
    unreached, _ = await Feed(cast("Engine", None), Folding(), LogLines(), most=1, most_per_account=1).join(
        None, ADBOT, None
    )
    unreached.begin_after({"forwarder": (10, 1, 1)})
    assert unreached.key == "", "it would get again what it began with"


async def test_a_stream_ends_when_nobody_can_say_whether_its_credential_is_valid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.0)

    async def trouble() -> bool:
        raise Transient("the database is being restarted")

    chunks = [chunk async for chunk in event_stream(Listening(listener(), None, trouble), [], gap=None)]
    assert chunks[-1] == b'event: end\ndata: {"code": "service_unavailable"}\n\n'


async def test_a_stream_ends_soon_after_its_credential_was_revoked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr(listening, "LOOK_SECONDS", 0.05)
    asked = 0

    async def revoked() -> bool:
        nonlocal asked
        asked += 1
        return asked < 3

    stream = event_stream(Listening(listener(), None, revoked), [], gap=1000)
    chunks = [chunk async for chunk in stream]
    assert chunks[0] == b'retry: 3000\n\nevent: gap\ndata: {"kept": 1000}\n\n'
    assert asked == 3
    assert chunks[-1] == b'event: end\ndata: {"code": "signed_out"}\n\n'


async def valid() -> bool:
    return True


@pytest.mark.parametrize("malformed", ["x", "1-2", "1-2-3-4", "1-2--3", f"1-{2**63}-1", "1-2-40000", "1-²-3"])
def test_a_malformed_id_of_the_last_line_is_refused(malformed: str) -> None:
    with pytest.raises(Denied) as refused:
        live.last_line_of(malformed)
    assert refused.value.status == 422


def test_an_id_names_a_line() -> None:
    assert live.last_line_of("4711-42-20") == LinePosition(4711, 42, 20)
    assert live.last_line_of(None) is None


async def test_a_reader_that_does_not_read_is_disconnected() -> None:
    ended, sent = asyncio.Event(), list[Message]()

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield rendered("{}", event="line")

    async def send(message: Message) -> None:
        sent.append(message)
        if len(sent) > 2:
            await asyncio.Event().wait()  # as a connection whose buffer is full

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    response = EventStreamResponse(chunks(), ended=ended.set, send_seconds=0.01)
    await asyncio.wait_for(response({"type": "http"}, receive, send), DEADLINE_SECONDS)
    assert ended.is_set()
    assert len(sent) == 3
    headers = dict(sent[0]["headers"])
    assert headers[b"content-type"].startswith(b"text/event-stream")
    assert b"content-length" not in headers


async def test_a_stream_ends_when_its_reader_leaves() -> None:
    ended = asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b""
        await asyncio.Event().wait()

    async def send(_: Message) -> None:
        await asyncio.sleep(0)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    response = EventStreamResponse(chunks(), ended=ended.set)
    await asyncio.wait_for(response({}, receive, send), DEADLINE_SECONDS)
    assert ended.is_set()
