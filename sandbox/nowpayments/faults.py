"""The API's bad days: down, slow, or silent, for a while."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

from starlette.middleware.base import RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from sandbox.nowpayments.messages import Call, Fault

GATEWAY_TIMEOUT = 504


@dataclass
class _Active:
    """A fault that strikes; ``left`` and ``until`` are None where it has no end of that kind."""

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
    """What goes wrong with calls, and a log of all calls."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._active: list[_Active] = []
        self._struck: set[asyncio.Event] = set()

    def add(self, fault: Fault) -> None:
        """Let the fault strike from the next call on; of several that fit, the oldest does."""
        until = None if fault.for_seconds is None else time.monotonic() + fault.for_seconds
        self._active.append(_Active(fault, fault.count, until))

    def active(self) -> list[Fault]:
        """Return the faults that still strike."""
        self._active = [active for active in self._active if not active.spent()]
        return [active.fault for active in self._active]

    def clear(self) -> None:
        """All is well again, also for the calls that hang: they are answered at once."""
        self._active.clear()
        for over in self._struck:
            over.set()

    async def around(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a call of the API, well or badly."""
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
        match fault.kind:
            case "error":
                return _proxy_page(fault.status)
            case "slow":
                await self._hold(struck)
                return await call_next(request)
            case "hang":
                await self._hold(struck)
                return _proxy_page(GATEWAY_TIMEOUT)
            case "lose_answer":
                await call_next(request)
                await self._hold(struck)
                return _proxy_page(GATEWAY_TIMEOUT)

    async def _hold(self, struck: _Active) -> None:
        """Wait until the fault's seconds went by, or it was cleared."""
        self._struck.add(struck.over)
        try:
            async with asyncio.timeout(struck.fault.seconds):
                await struck.over.wait()
        except TimeoutError:
            pass
        finally:
            self._struck.discard(struck.over)


def _proxy_page(status: int) -> HTMLResponse:
    """Return what a provider that is down answers with: not JSON, but a page of the proxy before it."""
    page = f"<html><head><title>{status}</title></head><body><h1>Error {status}</h1></body></html>"
    return HTMLResponse(page, status_code=status)
