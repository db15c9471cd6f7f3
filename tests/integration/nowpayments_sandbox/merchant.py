"""A merchant's webhook, which records the notifications that it receives."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class ReceivedNotification:
    body: bytes
    signature: str

    @property
    def fields(self) -> dict[str, Any]:  # a notification holds values of every kind
        return dict(json.loads(self.body))

    @property
    def status(self) -> str:
        return str(self.fields["payment_status"])


class RawNumber(float):
    """A number whose text is unchanged when it is written again."""

    def __new__(cls, text: str) -> Self:
        number = super().__new__(cls, text)
        number.text = text
        return number

    text: str

    def __repr__(self) -> str:
        return self.text


def signature_of(body: bytes, secret: str) -> str:
    """Return the signature that a merchant computes: each number's text as received, the keys sorted."""
    parsed = json.loads(body, parse_float=RawNumber, parse_int=RawNumber)
    signed = _written(parsed)
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha512).hexdigest()


def _written(value: object) -> str:
    match value:
        case RawNumber():
            return value.text
        case dict():
            items: Sequence[tuple[str, object]] = sorted(value.items())  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - json's
            return "{" + ",".join(f"{_written(key)}:{_written(item)}" for key, item in items) + "}"
        case list():
            return "[" + ",".join(_written(item) for item in value) + "]"  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] - json's
        case _:
            return json.dumps(value, ensure_ascii=False)


class Merchant:
    """A webhook that answers 200, or the next of ``answers``, once it ``may_answer``."""

    def __init__(self) -> None:
        self.received: list[ReceivedNotification] = []
        self.answers: list[int] = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.answers_from = 0
        """How many connections at once let it answer; with 0 none do."""
        self.most_at_once = 0
        self._at_once = 0
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        assert self._server is not None
        self.may_answer.set()
        self._server.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/ipn"

    @property
    def statuses(self) -> list[str]:
        return [arrived.status for arrived in self.received]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            headers = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = await reader.readexactly(int(headers["content-length"]))
            self.received.append(ReceivedNotification(body, headers["x-nowpayments-sig"]))
            answer = self.answers.pop(0) if self.answers else 200
            if self._at_once == self.answers_from:
                self.may_answer.set()
            await self.may_answer.wait()
            writer.write(f"HTTP/1.1 {answer} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the sender closed the connection
        finally:
            self._at_once -= 1
            writer.close()
