"""The payment provider for benchmarks: signed notifications, and a cheap client that sends them."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlsplit

from bench.shop import Buyer
from libs.eventsourcing.values import utc_now
from sandbox.nowpayments.payments import Asked, Payment, as_notified
from sandbox.nowpayments.signing import sign, stringify

WEBHOOK = "/api/v1/webhooks/nowpayments"
FINISHED = "finished"
_STATUSES = ("waiting", "confirming", "confirmed", "sending", FINISHED)
_REPEATED = 0.5
"""The share of payments whose end is notified twice, and one of the steps before it never."""
TRIES, RETRY_SECONDS = 200, 1.0
"""The real provider has a longer timeout, and fewer retries."""
_CODE = "usdttrc20"


@dataclass(frozen=True, slots=True)
class Notification:
    """A notification as sent."""

    order: str
    status: str
    request: bytes


@dataclass(slots=True)
class Sent:
    """A sent notification and its attempts; times are of `perf_counter`."""

    notification: Notification
    due: float
    at: float
    answered: float = 0.0
    status: int = 0
    tries: int = 0

    @property
    def seconds(self) -> float:
        """Return the duration until it was accepted, at the first attempt or a later one."""
        return self.answered - self.at


def notifications(buyer: Buyer, secret: str, random: Random) -> list[Notification]:
    """Return the five notifications of a payment in full, in a random order."""
    statuses = list(_STATUSES)
    if random.random() < _REPEATED:
        statuses[random.randrange(len(statuses) - 1)] = FINISHED
    random.shuffle(statuses)
    return [_notification(buyer, status, secret) for status in statuses]


def _notification(buyer: Buyer, status: str, secret: str) -> Notification:
    payment = _payment(buyer)
    if status != payment.status:
        payment.become(status)
        payment.take(payment.pay_amount)
    notification = as_notified(payment)
    head = {"x-nowpayments-sig": sign(notification, secret)}
    return Notification(buyer.order, status, request(WEBHOOK, stringify(notification).encode(), head))


def _payment(buyer: Buyer) -> Payment:
    now = utc_now()
    return Payment(
        number=int(buyer.payment),
        asked=Asked(buyer.price, "usd", _CODE, order_id=buyer.order, order_description="Bench, 30 days"),
        pay_amount=buyer.amount,
        pay_currency=_CODE,
        address=f"TSandbox{buyer.number:026d}",
        memo=None,
        created_at=now,
        expires_at=now,
        updated_at=now,
        outcome_currency=_CODE,
    )


def request(path: str, body: bytes, headers: dict[str, str] | None = None) -> bytes:
    """Return a whole request that posts JSON."""
    fields = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in fields.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Sender:
    """Connections to a server, one per request in progress.

    A client library would use as much CPU as the server; this one implements the minimum of HTTP.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._host, self._port = place.hostname or "", place.port or 80
        self._idle: deque[_Connection] = deque()
        self._all: list[_Connection] = []

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        for connection in self._all:
            connection.close()

    async def post(self, request_: bytes) -> int:
        """Return the status of the answer, 0 if there was no connection or it was lost."""
        try:
            connection = self._open() or await self._connect()
        except OSError:  # among them the time-out of a server that accepts no connection any more
            return 0
        status = await connection.post(request_)
        self._idle.append(connection)
        return status

    def _open(self) -> "_Connection | None":
        """Return a connection that is still open: servers close idle ones after a while."""
        while self._idle:
            if (connection := self._idle.pop()).open:
                return connection
        return None

    async def _connect(self) -> "_Connection":
        _, connection = await asyncio.get_running_loop().create_connection(
            _Connection, self._host, self._port
        )
        self._all.append(connection)
        return connection

    async def on_time(self, plan: Sequence[tuple[float, Notification]], record: list[Sent]) -> None:
        """Send each at its second, without waiting for answers; return after the last answer."""
        begin = time.perf_counter()
        async with asyncio.TaskGroup() as under_way:
            for second, notification in plan:
                due = begin + second
                if (early := due - time.perf_counter()) > 0:
                    await asyncio.sleep(early)
                sent = Sent(notification, due, time.perf_counter())
                record.append(sent)
                under_way.create_task(self._send(sent))

    async def at_once(
        self,
        notifications: Iterable[Notification],
        connections: int,
        record: list[Sent],
        *,
        seconds: float = 1e9,
    ) -> float:
        """Send sequentially on this many connections until the time or the requests are over.

        Returns the answers per second.
        """
        left, begin = iter(notifications), time.perf_counter()

        async def keep_sending() -> None:
            for notification in left:
                now = time.perf_counter()
                sent = Sent(notification, now, now)
                record.append(sent)
                await self._send(sent)
                if sent.answered - begin > seconds:
                    return

        async with asyncio.TaskGroup() as senders:
            for _ in range(connections):
                senders.create_task(keep_sending())
        return len(record) / (time.perf_counter() - begin)

    async def _send(self, sent: Sent) -> None:
        while sent.status != HTTPStatus.OK and sent.tries < TRIES:
            if sent.tries:
                await asyncio.sleep(RETRY_SECONDS)
            sent.tries += 1
            sent.status = await self.post(sent.notification.request)
        sent.answered = time.perf_counter()


@dataclass(eq=False)
class _Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    _buffer: bytearray = field(default_factory=bytearray)
    _answer: "asyncio.Future[int] | None" = None
    _transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._settle(0)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        if len(body) >= int(length):
            self._buffer.clear()
            self._settle(int(head[9:12]))

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    async def post(self, request_: bytes) -> int:
        """Return the answer's status, 0 without one."""
        if self._transport is None:
            return 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request_)
        return await self._answer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def _settle(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)


async def until_listening(url: str, *, within_seconds: float) -> None:
    """Wait until a server listens."""
    place = urlsplit(url)
    async with asyncio.timeout(within_seconds):
        while True:
            with suppress(OSError):
                _, writer = await asyncio.open_connection(place.hostname, place.port)
                writer.close()
                return
            await asyncio.sleep(0.05)
