"""Live changes and lines over a WebSocket, opened with a ticket."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.chassis.sampling import SampledLog
from libs.events.gateway import Scope
from libs.events.values import AdbotId
from services.gateway.api.callers import ReaderDep
from services.gateway.api.desk import Desk, DeskDep, desk_of_app, feeds_of_app
from services.gateway.api.identity.principal import Principal
from services.gateway.api.identity.tickets import VALID_SECONDS
from services.gateway.api.openapi import problems
from services.gateway.api.requests.addresses import address_in
from services.gateway.api.requests.gate import Gate
from services.gateway.api.requests.limits import FairLimit, LimitReached, RateLimit
from services.gateway.api.requests.listening import Listening
from services.gateway.api.requests.problems import EXPECTED, Denied, denied_of
from services.gateway.live.changes import RESUMED, Resumption, resumption_of
from services.gateway.live.feed import Feed
from services.gateway.live.feeds import Feeds
from services.gateway.live.listener import EndReason, Listener
from services.gateway.live.listeners import TooManyListeners
from services.gateway.live.message import Mark, Message
from services.gateway.tables.adbot_states import owners_of
from services.gateway.tables.values import View

router = APIRouter(tags=["live"])
lines = SampledLog(__name__)

FIRST_SECONDS = 5.0
"""How long a new connection may take to show its ticket."""
SEND_SECONDS = 15.0
"""How long a reader may leave a full buffer unread."""
MOST_LOGS = 10
"""To how many adbots' logs one socket listens at most."""
WISHES_PER_MINUTE = 120
"""How many messages a socket may send in a minute: each may cost a query."""
_STRANGERS = FairLimit(200, of_caller=50)
"""How many connections of this process, and of one address, may wait for their ticket at a time."""
_READY = '{"type":"ready"}'
_CLOSED = {
    EndReason.TOO_SLOW: 4008,
    EndReason.TOKEN_EXPIRED: 4001,
    EndReason.SIGNED_OUT: 4001,
    EndReason.NOT_YOURS: 4004,
    EndReason.STOPPING: 1012,
    EndReason.UNAVAILABLE: 1013,
}
"""The close codes of sockets; the reason says the same in words."""
NO_TICKET, MALFORMED, TOO_MANY, TRY_AGAIN = 4001, 4000, 4029, 1013


class TicketView(View):
    """A ticket for `/api/v1/live/socket`."""

    ticket: Annotated[str, Field(description="Valid once; send it as the first message.")]
    expires_in: Annotated[int, Field(description="Seconds.")]


class _Opening(BaseModel):
    """The first message: the ticket, and from where on changes are wanted."""

    model_config = ConfigDict(extra="forbid")

    ticket: Annotated[str, Field(max_length=100)]
    after: Annotated[str | None, Field(max_length=400)] = None


class _Wish(BaseModel):
    """A later message: listen to an adbot's log, or do not any more."""

    model_config = ConfigDict(extra="forbid")

    listen: UUID | None = None
    leave: UUID | None = None


@router.post("/live/tickets", summary="Get a ticket for a socket", responses=problems(401, 403, 429))
async def issue_ticket(caller: ReaderDep, desk: DeskDep) -> TicketView:
    """Return a ticket, with which a WebSocket at `/api/v1/live/socket` is opened within half a minute.

    Its first message is `{"ticket": "…", "after": "…"}`; `after` is the `id` of the last message, to
    resume. Messages have a `type` (`ready`, `gap`, `change`, `line`, `heartbeat`, `refused`), `id` and `data`
    as the events of `GET /live` and `GET /adbots/{adbot_id}/log/live`. A `heartbeat` may have an
    `id` too, to resume after. `{"listen": "<adbot>"}` adds the
    lines of an adbot, of up to ten; `{"leave": "<adbot>"}` ends them. The close codes are 4000 (malformed
    message), 4001 (ticket, token or device not valid any more), 4004 (an adbot is not yours any more), 4008
    (you read too slowly), 4029 (too many listeners or messages), 1009 (a message is too long), 1012 (the
    process stops) and 1013 (trouble; try again).
    """
    await desk.ticket_limit.take(str(caller.account))
    return TicketView(ticket=await desk.tickets.issue(caller.principal), expires_in=VALID_SECONDS)


@router.websocket("/live/socket")
async def socket(websocket: WebSocket) -> None:
    """Send changes of what the owner of a ticket has, and lines of logs that it asks for."""
    desk, feeds = desk_of_app(websocket.app), feeds_of_app(websocket.app)
    if not _is_own_page(websocket, desk):
        await websocket.close(1008, "another origin")
        return
    await websocket.accept()
    with suppress(WebSocketDisconnect, RuntimeError):
        try:
            with _STRANGERS.slot(address_in(websocket.scope)):
                opened = await _opened(websocket, desk)
            if opened is not None:
                principal, after = opened
                await _Socket(websocket, desk, feeds, principal).serve(after)
        except LimitReached:
            await websocket.close(TOO_MANY, "too many connections; try again later")
        except EXPECTED as error:
            await websocket.close(TRY_AGAIN, denied_of(error).code)


def _is_own_page(websocket: WebSocket, desk: Desk) -> bool:
    """Return whether a browser's page comes from this host or the site; other programs name no origin."""
    origin = websocket.headers.get("origin")
    if origin is None or desk.cookies.is_of_site(origin):
        return True
    try:
        return urlsplit(origin).netloc == websocket.headers.get("host")
    except ValueError:
        return False


async def _opened(websocket: WebSocket, desk: Desk) -> tuple[Principal, Resumption | None] | None:
    """Return the principal of the first message's ticket; close the socket if there is none."""
    try:
        async with asyncio.timeout(FIRST_SECONDS):
            opening = _Opening.model_validate_json(await websocket.receive_text())
        after = None if opening.after is None else resumption_of(opening.after)
    except TimeoutError:
        await websocket.close(NO_TICKET, "no ticket in time")
        return None
    except (ValidationError, ValueError, KeyError, RecursionError):
        await websocket.close(MALFORMED, "the first message must have a ticket")
        return None
    principal = await desk.tickets.use(opening.ticket)
    if principal is None or not await desk.door.still_valid(principal):
        await websocket.close(NO_TICKET, "this ticket is not valid; get another one")
        return None
    return principal, after


def _heartbeat(key: str) -> str:
    return f'{{"type":"heartbeat","id":"{key}"}}' if key else '{"type":"heartbeat"}'


class _Socket:
    """An open socket: one task sends the changes, one the lines of each log, one reads wishes."""

    def __init__(self, websocket: WebSocket, desk: Desk, feeds: Feeds, principal: Principal) -> None:
        self._websocket = websocket
        self._desk = desk
        self._feeds = feeds
        self._principal = principal
        self._operator = Scope.ADMIN in principal.scopes
        self._logs: dict[AdbotId, asyncio.Task[None]] = {}
        self._wishes = RateLimit(WISHES_PER_MINUTE)
        self._sending = asyncio.Lock()
        self._over = asyncio.Event()
        self._close: tuple[int, str] = (1000, "")

    async def serve(self, after: Resumption | None) -> None:
        """Send until the listening ends or the reader leaves."""
        async with AsyncExitStack() as stack:
            try:
                mark = None if after is None else after.mark
                changes = await self._join(stack, self._feeds.changes, self._principal.account, mark)
            except TooManyListeners:
                await self._websocket.close(TOO_MANY, "too many listeners; close one")
                return
            first = [_READY]
            if after is not None and after.misses_more_than(changes[1]):
                first.append(f'{{"type":"gap","data":{{"kept":{RESUMED}}}}}')
            tasks = [self._begin(lambda: self._give(*changes, first=first)), self._begin(self._read)]
            try:
                await self._over.wait()
            finally:
                for task in (*tasks, *self._logs.values()):
                    task.cancel()
                await asyncio.gather(*tasks, *self._logs.values(), return_exceptions=True)
        await self._websocket.close(*self._close)

    def _begin(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        return asyncio.create_task(self._ending_with(work))

    async def _ending_with(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do a part of the socket's work; end all if it fails, since an open socket would just be silent."""
        try:
            await work()
        except EXPECTED as error:
            self._end(TRY_AGAIN, denied_of(error).code)
        except Exception as error:
            lines.exception("socket.failed", code=type(error).__name__)
            self._end(TRY_AGAIN, "internal_error")
            raise

    async def _join(
        self, stack: AsyncExitStack, feed: Feed, topic: object, after: Mark | None
    ) -> tuple[Listener, Sequence[Message]]:
        account = None if self._operator else self._principal.account
        listener, missed = await feed.join(account, topic, after)
        stack.callback(feed.leave, listener)
        return listener, missed

    async def _give(
        self, listener: Listener, missed: Sequence[Message], *, first: Sequence[str] = ()
    ) -> None:
        """Send a listener's messages until it ends, and then end all; what has a beginning can be resumed."""
        principal = self._principal
        listening = Listening(listener, principal.expires_at, lambda: self._desk.door.still_valid(principal))
        try:
            await self._send(*first, *(message.frame for message in missed))
            async for messages in listening.batches():
                frames = [message.frame for message in messages]
                await self._send(*(frames or [_heartbeat(listening.key if first else "")]))
        except TimeoutError:
            listener.end(EndReason.TOO_SLOW)
        except (WebSocketDisconnect, RuntimeError):
            self._end(1000, "")
            return
        self._end(_CLOSED[listening.why], listening.why.value)

    async def _send(self, *frames: str) -> None:
        async with self._sending:
            for frame in frames:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._websocket.send_text(frame)

    def _end(self, code: int, reason: str) -> None:
        if not self._over.is_set():
            self._close = (code, reason)
            self._over.set()

    async def _read(self) -> None:
        """Follow wishes until the reader leaves or sends something else."""
        try:
            while True:
                wish = _Wish.model_validate_json(await self._websocket.receive_text())
                self._wishes.take("")
                await self._follow(wish)
        except (ValidationError, KeyError):
            self._end(MALFORMED, 'send {"listen": adbot} or {"leave": adbot}')
        except TooManyListeners:
            self._end(TOO_MANY, "too many listeners; leave one")
        except Denied as denied:
            self._end(TOO_MANY, denied.code)
        except (WebSocketDisconnect, RuntimeError):
            self._end(1000, "")

    async def _follow(self, wish: _Wish) -> None:
        if wish.leave is not None and (left := self._logs.pop(AdbotId(wish.leave), None)) is not None:
            left.cancel()
        if wish.listen is None or AdbotId(wish.listen) in self._logs:
            return
        adbot = AdbotId(wish.listen)
        if len(self._logs) >= MOST_LOGS:
            raise TooManyListeners
        owners = await self._desk.ask(lambda sql: owners_of(sql, [adbot]))
        if adbot not in owners or not (owners[adbot] == self._principal.account or self._may_see_any()):
            await self._send(f'{{"type":"refused","data":{{"code":"unknown_adbot","adbot":"{adbot}"}}}}')
            return
        self._logs[adbot] = self._begin(lambda: self._lines(adbot))

    def _may_see_any(self) -> bool:
        """Return whether this is an operator who calls from a network of operators."""
        gate: Gate = self._websocket.app.state.gate
        return self._operator and gate.is_for_operators(self._websocket.scope)

    async def _lines(self, adbot: AdbotId) -> None:
        async with AsyncExitStack() as stack:
            try:
                await self._give(*await self._join(stack, self._feeds.log, adbot, None))
            except TooManyListeners:
                self._end(TOO_MANY, "too many listeners; leave one")
