"""The head of an answer is sent together with its body."""

import asyncio

from libs.chassis.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\n\r\n"


class Sent(asyncio.Transport):
    """A transport that notes what is done with it."""

    def __init__(self) -> None:
        super().__init__()
        self.did: list[bytes | str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.did.append(bytes(data))

    def write_eof(self) -> None:
        self.did.append("eof")

    def close(self) -> None:
        self.did.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.did


def joined() -> tuple[JoinedWrites, Sent]:
    sent = Sent()
    return JoinedWrites(sent, asyncio.get_running_loop()), sent


async def test_a_head_and_its_body_are_one_write() -> None:
    transport, sent = joined()
    transport.write(HEAD)
    transport.write(b"body")
    transport.write(b"more")
    assert sent.did == [HEAD + b"body", b"more"]
    await asyncio.sleep(0)
    assert sent.did == [HEAD + b"body", b"more"]


async def test_a_head_whose_body_comes_later_is_sent_without_it() -> None:
    transport, sent = joined()
    transport.write(HEAD)
    assert sent.did == []
    await asyncio.sleep(0)
    assert sent.did == [HEAD]


async def test_nothing_is_lost_when_the_connection_is_closed() -> None:
    for end, expected in (("close", "closed"), ("write_eof", "eof")):
        transport, sent = joined()
        transport.write(HEAD)
        getattr(transport, end)()
        assert sent.did == [HEAD, expected]


async def test_everything_else_is_asked_of_the_transport_itself() -> None:
    transport, _ = joined()
    assert not transport.is_closing()  # type: ignore[operator]  # of the transport
    transport.close()
    assert transport.is_closing()  # type: ignore[operator]
