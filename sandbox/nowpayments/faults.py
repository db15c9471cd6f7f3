"""Injected faults of the API: down, slow, silent or wrong, for a while."""

import asyncio
import json
import time
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol, cast

from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.nowpayments.messages import Call, Fault
from sandbox.nowpayments.signing import stringify

OK = 200
GATEWAY_TIMEOUT = 504


@dataclass
class _Active:
    """An active fault; ``left`` and ``until`` are None without a limit of that kind."""

    fault: Fault
    left: int | None
    until: float | None
    over: asyncio.Event = field(default_factory=asyncio.Event)

    def strikes(self, method: str, path: str) -> bool:
        fault = self.fault
        wanted = fault.method is None or fault.method.upper() == method
        return wanted and path.startswith(fault.path)

    def spent(self) -> bool:
        return self.left == 0 or (self.until is not None and time.monotonic() >= self.until)


class Faults:
    """The active faults of the API, and a log of all calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._active: list[_Active] = []
        self._struck: set[asyncio.Event] = set()

    def add(self, fault: Fault) -> None:
        """Add a fault; of several that match, the oldest applies."""
        until = None if fault.for_seconds is None else time.monotonic() + fault.for_seconds
        self._active.append(_Active(fault, fault.count, until))

    def active(self) -> list[Fault]:
        """Return the active faults."""
        self._active = [active for active in self._active if not active.spent()]
        return [active.fault for active in self._active]

    def clear(self) -> None:
        """Remove all faults; delayed calls are answered at once."""
        self._active.clear()
        for over in self._struck:
            over.set()

    async def around(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a call of the API, with the fault that applies."""
        if not request.url.path.startswith("/v1/"):
            return await call_next(request)
        at = datetime.now(UTC)
        struck = self._strike(request.method, request.url.path)
        response = await (call_next(request) if struck is None else self._badly(struck, request, call_next))
        self.calls.append(
            Call(
                at=at,
                method=request.method,
                path=request.url.path,
                answered=response.status_code,
                fault=None if struck is None else struck.fault.kind,
            )
        )
        return response

    def _strike(self, method: str, path: str) -> _Active | None:
        self.active()
        for active in self._active:
            if active.strikes(method, path):
                if active.left is not None:
                    active.left -= 1
                return active
        return None

    async def _badly(self, struck: _Active, request: Request, call_next: RequestResponseEndpoint) -> Response:
        fault = struck.fault
        if fault.kind in {"slow", "hang"}:
            await self._hold(struck)
        if fault.kind in {"error", "garbage", "hang"}:
            return _instead(fault)
        answer = await _whole(await call_next(request))
        if fault.kind == "lose_answer":
            await self._hold(struck)
        return _otherwise(fault, answer)

    async def _hold(self, struck: _Active) -> None:
        """Wait for the fault's seconds, or until it is removed."""
        self._struck.add(struck.over)
        try:
            async with asyncio.timeout(struck.fault.seconds):
                await struck.over.wait()
        except TimeoutError:
            pass
        finally:
            self._struck.discard(struck.over)


def _instead(fault: Fault) -> Response:
    """Return the response to a call that is not executed."""
    status = {"error": fault.status, "garbage": OK}.get(fault.kind, GATEWAY_TIMEOUT)
    return _proxy_page(status, retry_after_seconds=fault.retry_after_seconds)


def _otherwise(fault: Fault, answer: "_Whole") -> Response:
    """Return the response to a call that was executed."""
    match fault.kind:
        case "lose_answer":
            return _proxy_page(GATEWAY_TIMEOUT)
        case "change":
            fields = {**json.loads(answer.text, parse_float=Decimal), **fault.change}
            return _Whole(stringify(fields), answer.status_code).response()
        case "cut":
            return answer.cut()
        case _:
            return answer.response()


@dataclass(frozen=True)
class _Whole:
    """A response of the API."""

    text: str
    status_code: int

    def response(self) -> Response:
        return Response(self.text, status_code=self.status_code, media_type="application/json")

    def cut(self) -> Response:
        """Return half of the response with the length of the whole: the server then closes the connection."""
        response = self.response()
        response.body = self.text[: len(self.text) // 2].encode()
        return response


class _Streamed(Protocol):
    body_iterator: AsyncIterable[bytes]


async def _whole(answer: Response) -> _Whole:
    streamed = cast("_Streamed", answer)  # the arguments of a middleware
    body = b"".join([chunk async for chunk in streamed.body_iterator])
    return _Whole(body.decode(), answer.status_code)


def _proxy_page(status: int, *, retry_after_seconds: int | None = None) -> HTMLResponse:
    """Return the response of a provider that is down: an HTML page of its proxy, not JSON."""
    page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
    headers = {} if retry_after_seconds is None else {"retry-after": str(retry_after_seconds)}
    return HTMLResponse(page, status_code=status, headers=headers)
