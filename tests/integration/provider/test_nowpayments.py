"""What only an impostor would answer, and how NOWPayments is asked."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import pytest
import pytest_asyncio
from prometheus_client import REGISTRY
from pydantic import SecretStr

from adrelay.runtime.ports import free_port
from services.billing.adapters.breaker import Breaker
from services.billing.adapters.nowpayments import Account, NowPayments, client
from services.billing.ports import PaymentDeclined, PaymentWish, ProviderUnavailable
from tests.deadlines import DEADLINE_SECONDS

API_KEY = "K3YK3YA-B4C5D6E-F7G8H9J"
ORDER = "HQADZ-ABC123-WXYZ"
WISH = PaymentWish(order=ORDER, price_usd=Decimal("30.10"), coin="BTC", description="Bronze / été")
SERVERS_CLOSE_SECONDS = 5
"""So soon uvicorn, Node and others close a connection that is idle."""
LONG_SECONDS = 20.0
"""Longer than any machine takes over a timeout, shorter than what would be waited for without one."""


@dataclass
class Impostor:
    """Answers whatever it is told to, byte for byte, and remembers what it was asked."""

    answers: list[bytes] = field(default_factory=list[bytes])
    asked: list[bytes] = field(default_factory=list[bytes])
    url: str = ""

    def answer(self, status: str, body: bytes, *headers: str) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", "connection: close", *headers, "", ""]
        self.answers.append("\r\n".join(lines).encode() + body)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.decode().lower().split("\r\n")
            length = next(
                (int(line.split(": ")[1]) for line in lines if line.startswith("content-length")), 0
            )
            self.asked.append(head + await reader.readexactly(length))
            writer.write(self.answers.pop(0))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, IndexError):
            pass
        finally:
            writer.close()


@pytest_asyncio.fixture(loop_scope="session")
async def impostor() -> AsyncIterator[Impostor]:
    impostor = Impostor()
    server = await asyncio.start_server(impostor.serve, "127.0.0.1", 0)
    impostor.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield impostor
    server.close()
    await server.wait_closed()


@asynccontextmanager
async def provider(
    url: str, payout: str | None = None, *, timeout_seconds: float = DEADLINE_SECONDS
) -> AsyncGenerator[NowPayments]:
    account = Account(
        url=url,
        api_key=SecretStr(API_KEY),
        ipn_secrets=[SecretStr("Wn4mK8xQ2vR7tZ1bYc6L")],
        callback_url="https://ads.example.org/ipn",
        coins={"BTC": "btc"},
        payout=payout,
    )
    breaker = Breaker(NowPayments.name, failures=100, open_seconds=1)
    async with NowPayments(account, breaker, timeout_seconds=timeout_seconds) as ready:
        yield ready


def calls(call: str, outcome: str) -> float:
    labels = {"provider": "nowpayments", "call": call, "outcome": outcome}
    return REGISTRY.get_sample_value("adrelay_billing_provider_calls_total", labels) or 0.0


def repeats(call: str) -> float:
    labels = {"provider": "nowpayments", "call": call}
    return REGISTRY.get_sample_value("adrelay_billing_provider_repeats_total", labels) or 0.0


async def test_a_payment_is_asked_for_with_the_price_to_the_last_digit(impostor: Impostor) -> None:
    impostor.answer("500 X", b"")
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable):
            await asked.request(WISH)
    head, _, body = impostor.asked[0].partition(b"\r\n\r\n")
    assert f"x-api-key: {API_KEY}".encode() in head
    assert body.startswith(b'{"price_amount":30.10,')
    assert json.loads(body) == {
        "price_amount": 30.1,
        "price_currency": "usd",
        "pay_currency": "btc",
        "order_id": ORDER,
        "order_description": "Bronze / été",
        "ipn_callback_url": "https://ads.example.org/ipn",
    }


@pytest.mark.parametrize("payout", [None, "usdttrc20"])
async def test_the_minimum_is_asked_for_in_usd_and_for_what_is_paid_out(
    impostor: Impostor, payout: str | None
) -> None:
    impostor.answer("200 OK", b'{"min_amount":0.00003,"fiat_equivalent":1.9275}')
    async with provider(impostor.url, payout) as asked:
        assert await asked.minimum_usd("BTC") == Decimal("1.9275")
    path = impostor.asked[0].split(b" ")[1].decode()
    target = f"&currency_to={payout}" if payout else ""
    assert path == f"/v1/min-amount?currency_from=btc&fiat_equivalent=usd{target}"


@pytest.mark.parametrize("body", [b"{}", b'{"fiat_equivalent":null}', b'{"min_amount":0.1}'])
async def test_a_minimum_that_is_not_said_is_none(impostor: Impostor, body: bytes) -> None:
    impostor.answer("200 OK", body)
    async with provider(impostor.url) as asked:
        assert await asked.minimum_usd("BTC") is None


async def test_a_pair_that_is_unknown_there_has_no_minimum(impostor: Impostor) -> None:
    impostor.answer("400 X", b'{"code":"CURRENCY_UNAVAILABLE"}')
    async with provider(impostor.url) as asked:
        assert await asked.minimum_usd("BTC") is None


async def test_the_reason_of_a_no_is_told_without_the_key(impostor: Impostor) -> None:
    said = {"code": "BAD", "message": f"The key {API_KEY} may not do that"}
    impostor.answer("400 X", json.dumps(said).encode())
    before = calls("request", "declined")
    async with provider(impostor.url) as asked:
        with pytest.raises(PaymentDeclined) as caught:
            await asked.request(WISH)
    assert str(caught.value) == "400 BAD The key *** may not do that"
    assert API_KEY not in repr(asked)
    assert calls("request", "declined") == before + 1


@pytest.mark.parametrize("body", [b"[]", b"null", b"[" * 5000, b'{"message":' + b"9" * 5000 + b"}", b"\xff"])
async def test_a_no_without_a_reason_is_told_by_its_number(impostor: Impostor, body: bytes) -> None:
    impostor.answer("404 X", body)
    async with provider(impostor.url) as asked:
        with pytest.raises(PaymentDeclined, match=r"^404"):
            await asked.report("1")


async def test_an_answer_without_an_end_is_not_read_to_its_end(impostor: Impostor) -> None:
    impostor.answer("200 OK", b"x" * 10_000_000)
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable, match="no end"):
            await asked.report("1")


async def test_an_answer_that_trickles_is_not_waited_for(impostor: Impostor) -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    began = time.monotonic()
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with provider(url, timeout_seconds=0.5) as asked:
        with pytest.raises(ProviderUnavailable):
            await asked.report("1")
    assert time.monotonic() - began < LONG_SECONDS, "it was read to its end, which takes 50 s"
    server.close()
    del impostor


@pytest.mark.parametrize("status", [301, 401, 403, 418, 500, 504])
async def test_what_is_neither_a_yes_nor_a_no_is_unavailable(impostor: Impostor, status: int) -> None:
    impostor.answer(f"{status} X", b"", "location: http://127.0.0.1:9/")
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable, match=f"^{status}"):
            await asked.request(WISH)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("60", 30, 60),
        ("0", 0, 0),
        ("100000", 270, 300),
        ("-5", 0, 0),
        ("soon", 0, 0),
        ("", 0, 0),
        (format_datetime(datetime.now(UTC) + timedelta(hours=1)), 270, 300),
        (format_datetime(datetime.now(UTC) - timedelta(hours=1)), 0, 0),
        ("Wed, 99 Foo 2099 00:00:00", 0, 0),
    ],
    ids=["60", "0", "100000", "-5", "soon", "nothing", "in an hour", "an hour ago", "no such day"],
)
async def test_a_provider_is_left_alone_as_long_as_it_asks_within_reason(
    impostor: Impostor, said: str, least: float, most: float
) -> None:
    impostor.answer("503 X", b"", f"retry-after: {said}")
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable):
            await asked.request(WISH)
        assert least <= asked.pause_seconds <= most


async def test_who_says_too_many_without_saying_how_long_is_left_alone_for_a_while(
    impostor: Impostor,
) -> None:
    impostor.answer("429 X", b"")
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable):
            await asked.request(WISH)
        assert 5 < asked.pause_seconds <= 10


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"])
async def test_a_request_that_reached_someone_is_never_repeated_a_question_is(
    impostor: Impostor, answer: bytes
) -> None:
    impostor.answers = [answer] * 3
    before = repeats("report")
    async with provider(impostor.url) as asked:
        with pytest.raises(ProviderUnavailable):
            await asked.request(WISH)
        assert len(impostor.asked) == 1
        with pytest.raises(ProviderUnavailable):
            await asked.report("1")
    assert len(impostor.asked) == 3
    assert repeats("report") == before + 1


async def test_connections_are_used_again_but_not_once_they_were_idle_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connections = 0

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 404 X\r\ncontent-length: 0\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(keep, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    for idle_seconds, wanted in ((60.0, 1), (0.0, 3)):
        monkeypatch.setattr(client, "IDLE_SECONDS", idle_seconds)
        connections = 0
        async with provider(url) as asked:
            for _ in range(3):
                with pytest.raises(PaymentDeclined):
                    await asked.report("1")
        assert connections == wanted
    server.close()


def test_no_connection_is_kept_until_servers_close_it() -> None:
    assert client.IDLE_SECONDS < SERVERS_CLOSE_SECONDS


async def test_where_nobody_listens_it_is_tried_twice_and_unavailable_at_once() -> None:
    async with provider(f"http://127.0.0.1:{free_port()}") as asked:
        before = repeats("request")
        with pytest.raises(ProviderUnavailable, match="ConnectError"):  # and no timeout
            await asked.request(WISH)
        assert repeats("request") == before + 1


async def test_a_payment_id_can_not_lead_elsewhere(impostor: Impostor) -> None:
    impostor.answer("404 X", b"")
    async with provider(impostor.url) as asked:
        with pytest.raises(PaymentDeclined):
            await asked.report("../status?x=1")
    assert impostor.asked[0].split(b" ")[1] == b"/v1/payment/..%2Fstatus%3Fx%3D1"
