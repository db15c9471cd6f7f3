"""Which requests are sent again after their connection broke."""

from collections.abc import Iterable

import httpcore
import httpx
import pytest
from prometheus_client import REGISTRY
from pydantic import SecretStr

from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments.client import Call, Client
from services.billing.ports import ProviderUnavailable

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
MAKE = Call("request", "POST", "/v1/payment", 1.0, body="{}")


class Line(httpcore.AsyncNetworkStream):
    """A connection that is found closed after this many writes; a complete request is answered."""

    def __init__(self, writes: int) -> None:
        self.writes_left = writes
        self.written: list[bytes] = []

    async def write(self, buffer: bytes, *_: object, **__: object) -> None:
        if not self.writes_left:
            raise httpcore.WriteError
        if buffer:
            self.writes_left -= 1
            self.written.append(buffer)

    async def read(self, *_: object, **__: object) -> bytes:
        if not self.writes_left:
            raise httpcore.ReadError
        return ANSWER

    async def aclose(self) -> None:
        self.writes_left = 0


class Lines(httpcore.AsyncNetworkBackend):
    """A network backend that returns these connections in turn."""

    def __init__(self, writes: Iterable[int]) -> None:
        self.coming = [Line(number) for number in writes]
        self.used: list[Line] = []

    async def connect_tcp(self, *_: object, **__: object) -> httpcore.AsyncNetworkStream:
        self.used.append(self.coming.pop(0))
        return self.used[-1]


def client(network: Lines) -> Client:
    transport = httpx.AsyncHTTPTransport()
    # httpx offers no way to set a network backend
    transport._pool = httpcore.AsyncConnectionPool(network_backend=network)  # pyright: ignore[reportPrivateUsage]
    breaker = Breaker("written", failures=100, open_seconds=1)
    return Client("written", "http://provider.example", SecretStr("K3YK3YA"), breaker, transport=transport)


def repeats() -> float:
    labels = {"provider": "written", "call": MAKE.name}
    return REGISTRY.get_sample_value("adrelay_billing_provider_repeats_total", labels) or 0.0


async def test_a_request_on_a_closed_connection_is_sent_again() -> None:
    network, before = Lines([0, 9]), repeats()
    assert await client(network).call(MAKE, bytes) == b"{}"
    first, second = network.used
    assert first.written == []
    assert second.written[-1] == b"{}"
    assert repeats() == before + 1


@pytest.mark.parametrize("writes", [1, 2])
async def test_a_request_is_not_sent_again_once_its_body_was_begun(writes: int) -> None:
    network, before = Lines([writes, 9]), repeats()
    with pytest.raises(ProviderUnavailable, match="ReadError"):
        await client(network).call(MAKE, bytes)
    assert len(network.used) == 1
    assert repeats() == before


async def test_a_request_is_sent_twice_at_most() -> None:
    network = Lines([0, 0, 9])
    with pytest.raises(ProviderUnavailable, match="ReadError"):
        await client(network).call(MAKE, bytes)
    assert len(network.used) == 2
