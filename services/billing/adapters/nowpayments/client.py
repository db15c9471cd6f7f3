"""The HTTP client of the provider's API: bounded in time and size, with retries only where they are safe."""

import asyncio
import json
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import httpx
from prometheus_client import Counter, Histogram
from pydantic import SecretStr

from libs.chassis.networks import is_this_machine
from libs.nowpayments.reading import MAX_BODY_BYTES
from services.billing.adapters.breaker import Breaker, RateLimited
from services.billing.ports import PaymentDeclined, ProviderUnavailable

T = TypeVar("T")

CALLS = Counter(
    "adrelay_billing_provider_calls_total",
    "Requests to the provider, by outcome: answered, declined, or unavailable (or an open breaker).",
    ["provider", "call", "outcome"],
)
REPEATS = Counter(
    "adrelay_billing_provider_repeats_total",
    "Requests retried because no connection was made, or because a GET was cut off.",
    ["provider", "call"],
)
SECONDS = Histogram(
    "adrelay_billing_provider_call_seconds", "Duration of requests to the provider.", ["provider", "call"]
)

_DECLINES = frozenset({400, 404, 409, 422})
"""Statuses that a retry can't change. A wrong key (401, 403) is none: the operator can correct it."""
_TOO_MANY = 429
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
"""No connection was made: the provider can't have received the request."""
_CUT_OFF = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)
"""The connection was lost: if a part of the body was written, the request may have been carried out."""
IDLE_SECONDS = 2.0
"""How long an idle connection is kept open, in seconds.

Servers close idle connections after 5 seconds or more. A connection kept that long could be closed while a
request is written, and whether it was carried out would be unknown.
"""
_MAX_REASON_CHARS = 200
_CONNECT_SECONDS = 3.0
_RETRY_SECONDS, _LONGEST_RETRY_SECONDS = 10.0, 300.0


@dataclass(frozen=True, slots=True)
class Call:
    """A request; `name` is its label in metrics."""

    name: str
    method: Literal["GET", "POST"]
    path: str
    seconds: float
    """The total timeout."""
    params: Mapping[str, str] = field(default_factory=dict[str, str])
    body: str | None = None


class Client:
    """Calls the provider through a circuit breaker."""

    def __init__(
        self,
        provider: str,
        url: str,
        api_key: SecretStr,
        breaker: Breaker,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._provider = provider
        self._key = api_key
        self._breaker = breaker
        trust_env = not is_this_machine(
            urlsplit(url).hostname or ""
        )  # a proxy can't reach the loopback address
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/"),
            headers={"x-api-key": api_key.get_secret_value(), "content-type": "application/json"},
            limits=httpx.Limits(keepalive_expiry=IDLE_SECONDS),
            transport=transport,
            trust_env=trust_env,
            verify=_trusted(url, trust_env=trust_env),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def call(self, call: Call, take: Callable[[bytes], T]) -> T:
        """Send a request, and return the result of `take` for a successful answer's body.

        Raise `PaymentDeclined` if the provider declines, else `ProviderUnavailable`. An exception of `take`
        of the latter type counts as a failure for the circuit breaker.
        """

        async def ask() -> T:
            return take(await self._in_time(call))

        began, outcome = time.monotonic(), "unavailable"
        try:
            answer = await self._breaker.call(ask)
            outcome = "answered"
        except PaymentDeclined:
            outcome = "declined"
            raise
        else:
            return answer
        finally:
            CALLS.labels(self._provider, call.name, outcome).inc()
            SECONDS.labels(self._provider, call.name).observe(time.monotonic() - began)

    async def _in_time(self, call: Call) -> bytes:
        try:
            async with asyncio.timeout(call.seconds):
                writing = _Writing()
                try:
                    return await self._send(call, writing)
                except (*_NEVER_SENT, *_CUT_OFF):
                    if writing.body_begun and call.method != "GET":
                        raise
                REPEATS.labels(self._provider, call.name).inc()
                return await self._send(call, _Writing())
        except (httpx.HTTPError, TimeoutError) as error:
            raise ProviderUnavailable(f"{call.name}: {type(error).__name__}") from error

    async def _send(self, call: Call, writing: "_Writing") -> bytes:
        async with self._http.stream(
            call.method,
            call.path,
            params=call.params,
            content=call.body,
            timeout=httpx.Timeout(call.seconds, connect=min(call.seconds, _CONNECT_SECONDS)),
            extensions={"trace": writing.trace},
        ) as answer:
            body = await _bounded(answer)
        if answer.is_success:
            return body
        raise self._refusal(answer, body)

    def _refusal(self, answer: httpx.Response, body: bytes) -> Exception:
        reason = self._reason(answer, body)
        if answer.status_code in _DECLINES:
            return PaymentDeclined(reason)
        retry_after = _retry_after(answer.headers.get("retry-after", ""))
        if answer.status_code == _TOO_MANY:
            retry_after = _RETRY_SECONDS if retry_after is None else retry_after
            self._breaker.pause(retry_after)
            return RateLimited(reason, retry_after_seconds=retry_after)
        if retry_after is not None:
            self._breaker.pause(retry_after)
        return ProviderUnavailable(reason, retry_after_seconds=retry_after)

    def _reason(self, answer: httpx.Response, body: bytes) -> str:
        """Return the provider's own short reason, without the API key."""
        try:
            problem = json.loads(body)
            reason = f"{problem.get('code', '')} {problem.get('message', '')}".strip()
        except (ValueError, AttributeError, RecursionError):
            reason = ""
        reason = reason.replace(self._key.get_secret_value(), "***")
        return f"{answer.status_code} {reason}".strip()[:_MAX_REASON_CHARS]


@dataclass
class _Writing:
    """The progress of writing a request.

    A request without its body is not carried out. If the connection was closed before anything was written,
    httpx still tries to read an answer, so its exception does not tell the cases apart.
    """

    body_begun: bool = False

    async def trace(self, event: str, _: Mapping[str, object]) -> None:
        """Receive the progress: httpx's `trace` extension."""
        self.body_begun = self.body_begun or event.endswith(".send_request_body.started")


async def _bounded(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ProviderUnavailable(f"{answer.status_code}, and the answer has no end")
    return bytes(body)


def _trusted(url: str, *, trust_env: bool) -> ssl.SSLContext:
    """Return the TLS context for the provider's URL; without https it loads no certificates."""
    if urlsplit(url).scheme == "http":
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.create_ssl_context(trust_env=trust_env)


def _retry_after(header: str) -> float | None:
    """Return the seconds that `Retry-After` asks to wait, bounded, None without a valid one."""
    if not header:
        return None
    try:
        seconds = float(header) if header.isdigit() else _until(header)
    except (ValueError, OverflowError):
        return None
    return min(max(seconds, 0.0), _LONGEST_RETRY_SECONDS)


def _until(date: str) -> float:
    then = parsedate_to_datetime(date)
    return (then if then.tzinfo else then.replace(tzinfo=UTC)).timestamp() - datetime.now(UTC).timestamp()
