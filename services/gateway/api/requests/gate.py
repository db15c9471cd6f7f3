"""What a request must pass before its route: networks, limits, and the number of requests in progress."""

import hashlib
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import Scope, Send

from libs.chassis.networks import Networks
from services.gateway.api.requests.addresses import Proxies, address_in, network_in
from services.gateway.api.requests.limits import ConcurrencyLimit, LimitReached
from services.gateway.api.requests.penalties import Penalties
from services.gateway.api.requests.problems import Denied, unavailable
from services.gateway.api.requests.shared_limits import SharedLimit

ADMIN = ("/api/v1/admin/", "/api/admin/")
"""The beginnings of the paths of the operator's routes."""
_API, _SIGN_INS = "/api/", frozenset({"/api/v1/auth/sign-in", "/api/auth/verify-access-code"})
_OWN_SHARE = ("/health/", "/api/health", "/api/v1/webhooks/nowpayments", "/api/payment/webhook")
"""Paths that the number of other requests in progress does not limit."""
MOST_IN_PROGRESS = 500
_READS = {"GET", "HEAD"}
_CORS_METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
_CORS_HEADERS = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
)
_CORS_EXPOSED = ("ETag", "Idempotency-Replayed", "Location", "Retry-After", "X-Correlation-Id")
_CORS_SECONDS = 600


@dataclass(frozen=True)
class Guessable:
    """A secret that may be guessed: what shows that it was wrong, and the delays that follow."""

    codes: frozenset[str]
    """The codes of the problems that are answered to a wrong secret."""
    penalties: Penalties


@dataclass(frozen=True)
class Reads:
    """The limits of reading requests: of a token, and of a network address."""

    of_token: SharedLimit
    of_address: SharedLimit

    async def take(self, scope: Scope) -> None:
        """Count a request; raise `Denied` at a limit."""
        await self.of_address.take(address_in(scope))
        authorization = Headers(scope=scope).get("authorization")
        if authorization is not None:
            await self.of_token.take(hashlib.blake2b(authorization.encode(), digest_size=16).hexdigest())


def cors_of(origins: Sequence[str]) -> CORSMiddleware | None:
    """Return the rules for scripts of these origins, None without any: then only its own scripts read."""
    if not origins:
        return None
    return CORSMiddleware(
        _no_app,
        allow_origins=tuple(origins),
        allow_methods=_CORS_METHODS,
        allow_headers=_CORS_HEADERS,
        allow_credentials=False,  # cookies are for this site's own pages; others send a token
        expose_headers=_CORS_EXPOSED,
        max_age=_CORS_SECONDS,
    )


async def _no_app(*_: object) -> None:
    raise NotImplementedError("the edge calls the app")


@dataclass(frozen=True)
class Gate:
    """The rules of requests; the default lets everything pass. One per process, in `app.state.gate`."""

    proxies: Proxies = field(default_factory=lambda: Proxies(Networks()))
    admin_networks: Networks = field(default_factory=Networks)
    cors: CORSMiddleware | None = None
    reads: Reads | None = None
    sign_ins: Guessable | None = None
    admin_tokens: Guessable | None = None
    in_progress: ConcurrencyLimit = field(default_factory=lambda: ConcurrencyLimit(MOST_IN_PROGRESS))

    async def admit(self, scope: Scope) -> None:
        """Raise `Denied` if a request may not pass; nothing of its body or tokens was looked at."""
        path: str = scope["path"]
        if self.in_progress.full and not path.startswith(_OWN_SHARE):
            raise crowded()
        if path.startswith(ADMIN):
            self.check_operator(scope)
        guess = self._guess(path)
        if guess is not None:
            guess.penalties.check(address_in(scope), network_in(scope))
        if scope["method"] in _READS and path.startswith(_API):
            await self.count_read(scope)

    async def count_read(self, scope: Scope) -> None:
        """Count a request as a reading one; raise `Denied` at the limit."""
        if self.reads is not None:
            await self.reads.take(scope)

    def is_for_operators(self, scope: Scope) -> bool:
        """Return whether the address of a request, or of a socket, is one that operators may use."""
        host = (scope.get("client") or ("", 0))[0]
        return not self.admin_networks or host in self.admin_networks

    def check_operator(self, scope: Scope) -> None:
        """Raise `Denied` if the address of a request is not one that operators may use."""
        if not self.is_for_operators(scope):
            detail = "the operator's routes can't be used from this network address"
            raise Denied(HTTPStatus.FORBIDDEN, "network_not_allowed", detail)

    async def answered(self, scope: Scope, code: str | None) -> None:
        """Count a wrong secret, by the code of the problem that is about to be answered."""
        guess = self._guess(scope["path"]) if code is not None else None
        if guess is not None and code in guess.codes:
            await guess.penalties.fail(address_in(scope), network_in(scope))

    @contextmanager
    def slot(self, scope: Scope) -> Generator[None]:
        """Count a request as in progress; raise `Denied` at the limit."""
        if scope["path"].startswith(_OWN_SHARE):
            yield
            return
        try:
            with self.in_progress.slot():
                yield
        except LimitReached:
            raise crowded() from None

    def preflight(self, scope: Scope) -> Response | None:
        """Return the answer to a preflight request of a browser, None for any other request."""
        if self.cors is None or scope["method"] != "OPTIONS":
            return None
        headers = Headers(scope=scope)
        if "origin" not in headers or "access-control-request-method" not in headers:
            return None
        response = self.cors.preflight_response(headers)
        if response.status_code != HTTPStatus.OK:
            raise Denied(HTTPStatus.FORBIDDEN, "origin_not_allowed", bytes(response.body).decode())
        return response

    def sending(self, scope: Scope, send: Send) -> Send:
        """Return a function that sends answers with the headers by which other origins may read them."""
        if self.cors is None or "origin" not in (headers := Headers(scope=scope)):
            return send
        return partial(self.cors.send, send=send, request_headers=headers)

    def _guess(self, path: str) -> Guessable | None:
        if path in _SIGN_INS:
            return self.sign_ins
        return self.admin_tokens if path.startswith(ADMIN) else None


def crowded() -> Denied:
    """Return the error for a request that is shed: as many as there may be are in progress."""
    return unavailable("overloaded", "too many requests are in progress; try again in a moment")
