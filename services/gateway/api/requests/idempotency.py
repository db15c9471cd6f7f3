"""Idempotency keys of writes: the middleware, and the ids of what a write makes.

After https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import logging
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import NoReturn, Protocol, cast
from uuid import UUID

from fastapi import Request
from prometheus_client import Counter
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from libs.chassis.sampling import SampledLog
from libs.events.values import AccountId
from libs.eventsourcing.errors import Transient
from libs.eventsourcing.values import new_id, utc_now
from services.gateway.api.requests.addresses import address_in
from services.gateway.api.requests.problems import Denied, denied_of
from services.gateway.api.requests.route_scopes import RouteScopes
from services.gateway.idempotency.keys import Answer, IdempotencyKeys, InProgress, KeyedWrite, KeyReused

trouble = SampledLog(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
"""The header of an answer that was stored."""
LONGEST_KEY = 200
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
PRINCIPAL = "principal"
"""The key in a request's state of its principal, which is asked for once."""
_SEED = "idempotency_seed"
_RETRY_SECONDS = 1
_NOT_STORED = frozenset({"set-cookie"})
"""Headers that belong to one connection or browser."""
_BOUNDARY = "boundary="

_KEYS = Counter(
    "adrelay_gateway_idempotency_keys_total", "Writes with an idempotency key, by outcome.", ["outcome"]
)


class _Principal(Protocol):
    @property
    def account(self) -> AccountId | None:
        """Whose request it is; None for the operator's token."""
        ...

    @property
    def kind(self) -> str:
        """The kind of its credential."""
        ...

    @property
    def scopes(self) -> AbstractSet[str]:
        """What its credential is good for."""
        ...


class _Door(Protocol):
    async def principal(self, credential: str, address: str) -> _Principal:
        """Return the principal of a bearer credential; raise `Denied` unless it is valid at present."""
        ...


class _Gate(Protocol):
    async def count_read(self, scope: Scope) -> None:
        """Count a request as a reading one; raise `Denied` at the limit."""
        ...


@dataclass
class _Desk:
    keys: IdempotencyKeys
    door: _Door


class IdempotentWrites:
    """Middleware that answers a write with the answer to the first one under the same key.

    Keys belong to an account, and to the kind of its credential: a device may be told what an API key may
    not. Requests without the scope of their route are left to it, as are those without a valid credential.
    Only answers below 400 are stored: what was refused had no effect, and what failed may be carried out
    again under the same ids.
    """

    def __init__(self, app: ASGIApp, scopes: RouteScopes) -> None:
        self._app = app
        self._scopes = scopes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        caller = await self._caller_with_key(scope) if scope["type"] == "http" else None
        key = key_in(scope) if caller is not None else None
        if caller is None or key is None:
            await self._app(scope, receive, send)
            return
        desk = cast("_Desk", scope["app"].state.desk)
        await cast("_Gate", scope["app"].state.gate).count_read(scope)  # a repetition is no write
        message = await receive()  # the edge passes a body on as one message
        write = KeyedWrite(caller, key, _content(scope, message.get("body", b"")))
        claimed = await _claim(desk.keys, write)
        if isinstance(claimed, Answer):
            await _send(claimed, send, replayed=True)
            return
        scope["state"][_SEED] = claimed
        await _send(await self._carried_out(desk.keys, write, scope, _Again(message, receive)), send)

    async def _caller_with_key(self, scope: Scope) -> str | None:
        """Return who sent a write with a key, None without a key or a credential good for the write."""
        headers = Headers(scope=scope)
        scheme, _, credential = headers.get("authorization", "").partition(" ")
        if scope["method"] not in WRITES or HEADER not in headers or scheme.lower() != "bearer":
            return None
        needed = self._scopes.of(scope)
        if not needed:
            return None
        desk = cast("_Desk", scope["app"].state.desk)
        try:
            principal = await desk.door.principal(credential, address_in(scope))
        except Denied:
            return None  # the route refuses it
        except (Transient, OSError) as error:
            raise denied_of(error) from error
        scope["state"][PRINCIPAL] = principal
        if not needed <= principal.scopes:
            return None
        return f"{'operator' if principal.account is None else principal.account} {principal.kind}"

    async def _carried_out(
        self, keys: IdempotencyKeys, write: KeyedWrite, scope: Scope, receive: Receive
    ) -> Answer:
        """Let the app answer, and return the answer once it is stored."""
        collected = _Collected()
        try:
            await self._app(scope, receive, collected)
        except Exception:
            await _end(keys, write, None)
            raise
        answer = collected.answer()
        await _end(keys, write, answer)
        return answer


def key_in(scope: Scope) -> str | None:
    """Return the idempotency key of a request, without the quotes around it, None if it has none."""
    found = Headers(scope=scope).getlist(HEADER)
    if not found:
        return None
    key = found[0].removeprefix('"').removesuffix('"')
    if len(found) > 1 or not 0 < len(key) <= LONGEST_KEY or not (key.isascii() and key.isprintable()):
        detail = f"send one {HEADER} of 1 to {LONGEST_KEY} printable ASCII characters, such as a UUID"
        raise Denied(HTTPStatus.BAD_REQUEST, "malformed_idempotency_key", detail)
    return key


def id_for(request: Request) -> UUID:
    """Return the id of the one thing that a write makes: a new one, the same in a repetition of the write."""
    seed = seed_of(request)
    return new_id() if seed is None else seed


def seed_of(request: Request) -> UUID | None:
    """Return what the ids of a write under an idempotency key are derived from, else None."""
    return cast("UUID | None", getattr(request.state, _SEED, None))


def _content(scope: Scope, body: bytes) -> bytes:
    """Return what makes a write another one; not the boundary of a form, which clients draw anew."""
    kind = Headers(scope=scope).get("content-type", "")
    if _BOUNDARY in kind:
        boundary = kind.partition(_BOUNDARY)[2].partition(";")[0].strip(' "')
        kind = kind.replace(boundary, "")
        body = body.replace(f"--{boundary}".encode("latin-1"), b"--")
    head = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), kind)
    return "\n".join(head).encode() + b"\n" + body


async def _claim(keys: IdempotencyKeys, write: KeyedWrite) -> UUID | Answer:
    try:
        claimed = await keys.claim(write, utc_now())
    except (KeyReused, InProgress, Transient, OSError) as error:
        _refuse(error)
    _KEYS.labels("replayed" if isinstance(claimed, Answer) else "first").inc()
    return claimed


def _refuse(error: KeyReused | InProgress | Transient | OSError) -> NoReturn:
    match error:
        case KeyReused():
            _KEYS.labels("reused").inc()
            detail = "this key belongs to another request; send this one under a key of its own"
            raise Denied(HTTPStatus.UNPROCESSABLE_ENTITY, "idempotency_key_reused", detail)
        case InProgress():
            _KEYS.labels("in_progress").inc()
            detail = "the first request under this key is still in progress; repeat it to get its answer"
            headers = {"Retry-After": str(_RETRY_SECONDS)}
            raise Denied(HTTPStatus.CONFLICT, "request_in_progress", detail, headers=headers)
        case _:
            raise denied_of(error) from error


async def _end(keys: IdempotencyKeys, write: KeyedWrite, answer: Answer | None) -> None:
    """Store an answer, or release the claim; without a database the claim ends with its lease."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR if answer is None else answer.status
    try:
        if answer is not None and status < HTTPStatus.BAD_REQUEST:
            stored = tuple(header for header in answer.headers if header[0] not in _NOT_STORED)
            await keys.store(write, replace(answer, headers=stored))
        else:
            await keys.release(write, utc_now(), refused=status < HTTPStatus.INTERNAL_SERVER_ERROR)
    except (Transient, OSError) as error:
        trouble.write(logging.WARNING, "idempotency.not_stored", code=type(error).__name__)


class _Again:
    """Passes on a body that was read, then the server's further messages."""

    def __init__(self, body: Message, receive: Receive) -> None:
        self._body: Message | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        message, self._body = self._body, None
        return message if message is not None else await self._receive()


class _Collected:
    """Collects an answer instead of sending it."""

    def __init__(self) -> None:
        self._status = int(HTTPStatus.INTERNAL_SERVER_ERROR)
        self._headers: tuple[tuple[str, str], ...] = ()
        self._body = bytearray()

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._status = int(message["status"])
            self._headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            )
        else:
            self._body += message.get("body", b"")

    def answer(self) -> Answer:
        """Return the whole answer."""
        return Answer(self._status, self._headers, bytes(self._body))


async def _send(answer: Answer, send: Send, *, replayed: bool = False) -> None:
    headers = [*answer.headers, (REPLAYED.lower(), "true")] if replayed else answer.headers
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})
