"""Request bodies are limited in size, in time, and in how many are pending."""

import asyncio
from http import HTTPStatus

import pytest
from starlette.types import Message, Scope

from services.gateway.api.requests.bodies import Bodies, announced
from services.gateway.api.requests.problems import Denied
from tests.deadlines import DEADLINE_SECONDS


def bodies(*, most_waiting: int = 2) -> Bodies:
    return Bodies("test", most_bytes=8, drained_bytes=64, seconds=DEADLINE_SECONDS, most_waiting=most_waiting)


def scope(*headers: tuple[bytes, bytes]) -> Scope:
    return {"type": "http", "headers": list(headers)}


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


async def whole() -> Message:
    return {"type": "http.request", "body": b"whole", "more_body": False}


async def test_the_oldest_pending_body_is_dropped_for_a_new_one() -> None:
    reader, began = bodies(), list[asyncio.Event]()

    def slow() -> "asyncio.Task[bytes | None]":
        begun = asyncio.Event()
        began.append(begun)

        async def receive() -> Message:
            begun.set()
            return await never()

        return asyncio.create_task(reader.read(scope(), receive))

    waiting = [slow(), slow()]
    for begun in began:
        await begun.wait()
    assert await reader.read(scope(), whole) == b"whole"
    async with asyncio.timeout(DEADLINE_SECONDS):
        with pytest.raises(Denied) as denied:
            await waiting[0]
    assert (denied.value.status, denied.value.code) == (HTTPStatus.REQUEST_TIMEOUT, "body_timeout")
    assert denied.value.headers == {"Connection": "close"}
    assert not waiting[1].done()
    waiting[1].cancel()


async def test_complete_bodies_do_not_count_as_pending() -> None:
    reader = bodies(most_waiting=1)
    for _ in range(10):
        assert await reader.read(scope(), whole) == b"whole"


async def test_a_body_without_end_is_not_read_to_its_end() -> None:
    pieces = 0

    async def receive() -> Message:
        nonlocal pieces
        pieces += 1
        return {"type": "http.request", "body": b"x" * 8, "more_body": True}

    with pytest.raises(Denied, match="body_too_large"):
        await bodies().read(scope(), receive)
    assert pieces == 9


@pytest.mark.parametrize(
    ("header", "length"),
    [
        (b"0", 0),
        (b"17", 17),
        (b"", None),
        (b"-1", None),
        (b"x", None),
        (b"\xb2", None),
        (b"9" * 99, 10**19 - 1),
    ],
)
def test_an_announced_length_is_a_number(header: bytes, length: int | None) -> None:
    assert announced(scope((b"content-length", header))) == length
    assert announced(scope()) is None
