"""The sandbox's controls over HTTP, on loopback, in the sandbox's own event loop."""

import asyncio
import socket
from collections.abc import Sequence
from typing import Annotated, Any

import uvicorn
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from sandbox.telegram.errors import SandboxError, UnknownError
from sandbox.telegram.models import (
    AccountView,
    ChatView,
    Count,
    Endpoint,
    FaultView,
    JournalEntry,
    JournalQuery,
    MessageView,
    MintedSession,
    SessionView,
)
from sandbox.telegram.sandbox import TelegramSandbox
from sandbox.telegram.specs import (
    AccountSpec,
    AccountStateSpec,
    AlbumSpec,
    ChannelSpec,
    ChatSettings,
    FaultSpec,
    GroupSpec,
    MemberSpec,
    Policy,
    PostSpec,
    RequestSpec,
    WorldSpec,
)

_HOST = "127.0.0.1"


def create_app(sandbox: TelegramSandbox) -> FastAPI:
    """Return the HTTP control of a sandbox; its OpenAPI document is at `/openapi.json`."""
    app = FastAPI(title="Telegram sandbox", version="1", description="Fill, disturb and look at a sandbox.")
    for routes in (_server, _accounts, _chats, _messages, _disturbances):
        app.include_router(routes(sandbox))

    app.add_exception_handler(SandboxError, _refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    return app


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 404 if isinstance(error, UnknownError) else 409)


async def _not_understood(_request: Request, error: Exception) -> JSONResponse:
    """Answer without the input: FastAPI would repeat it, and fails if it is not UTF-8."""
    errors: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else ()
    return JSONResponse({"detail": [{"loc": one["loc"], "msg": one["msg"]} for one in errors]}, 422)


# Every route only calls the method of the same name; it is a coroutine so that it runs in the event loop,
# where the sandbox lives, and not in a thread.


def _server(sandbox: TelegramSandbox) -> APIRouter:
    routes = APIRouter(tags=["server"])

    @routes.get("/endpoint")
    async def endpoint(request: Request) -> Endpoint:
        return sandbox.endpoint().model_copy(update={"control_url": str(request.base_url).rstrip("/")})

    @routes.post("/world", status_code=204)
    async def load(world: WorldSpec) -> None:
        sandbox.load(world)

    @routes.patch("/policy", status_code=204)
    async def set_policy(policy: Policy) -> None:
        sandbox.set_policy(policy)

    @routes.post("/salts/rotation", status_code=204)
    async def rotate_salts() -> None:
        sandbox.rotate_salts()

    @routes.delete("/connections")
    async def drop_connections(account: int | None = None) -> int:
        return sandbox.drop_connections(account)

    @routes.get("/sessions")
    async def sessions(account: int | None = None) -> list[SessionView]:
        return sandbox.sessions(account)

    @routes.get("/sessions/held-twice")
    async def held_twice() -> list[SessionView]:
        return sandbox.held_twice()

    _ = endpoint, load, set_policy, rotate_salts, drop_connections, sessions, held_twice
    return routes


def _accounts(sandbox: TelegramSandbox) -> APIRouter:
    routes = APIRouter(prefix="/accounts", tags=["accounts"])

    @routes.get("")
    async def accounts() -> list[AccountView]:
        return sandbox.accounts()

    @routes.post("", status_code=201)
    async def create_account(spec: AccountSpec) -> AccountView:
        return sandbox.create_account(spec)

    @routes.put("/{account}/state")
    async def set_account_state(account: int, spec: AccountStateSpec) -> AccountView:
        return sandbox.set_account_state(account, spec.state)

    @routes.post("/{account}/sessions", status_code=201)
    async def mint_session(account: int) -> MintedSession:
        return MintedSession(session=sandbox.mint_session(account))

    @routes.post("/{account}/session-file", status_code=201, response_class=Response)
    async def session_file(account: int) -> Response:
        return Response(sandbox.session_file(account), 201, media_type="application/octet-stream")

    @routes.delete("/{account}/sessions")
    async def revoke_sessions(account: int, error: str = "AUTH_KEY_UNREGISTERED") -> int:
        return sandbox.revoke_sessions(account, error)

    @routes.delete("/{account}/keys")
    async def destroy_sessions(account: int) -> int:
        return sandbox.destroy_sessions(account)

    _ = accounts, create_account, set_account_state, mint_session, session_file, revoke_sessions
    _ = destroy_sessions
    return routes


def _chats(sandbox: TelegramSandbox) -> APIRouter:
    routes = APIRouter(tags=["chats"])

    @routes.post("/channels", status_code=201)
    async def create_channel(spec: ChannelSpec) -> ChatView:
        return sandbox.create_channel(spec)

    @routes.post("/groups", status_code=201)
    async def create_group(spec: GroupSpec) -> ChatView:
        return sandbox.create_group(spec)

    @routes.get("/chats")
    async def chats() -> list[ChatView]:
        return sandbox.chats()

    @routes.get("/chats/{chat}")
    async def one_chat(chat: int) -> ChatView:
        return sandbox.chat(chat)

    @routes.patch("/chats/{chat}")
    async def change_chat(chat: int, settings: ChatSettings) -> ChatView:
        return sandbox.change_chat(chat, settings)

    @routes.put("/chats/{chat}/members/{account}")
    async def set_member(chat: int, account: int, spec: MemberSpec) -> ChatView:
        return sandbox.set_member(chat, account, spec.status)

    @routes.delete("/chats/{chat}/members/{account}")
    async def remove_member(chat: int, account: int) -> ChatView:
        return sandbox.remove_member(chat, account)

    @routes.put("/chats/{chat}/requests/{account}")
    async def answer_request(chat: int, account: int, spec: RequestSpec) -> ChatView:
        return sandbox.answer_request(chat, account, approved=spec.approved)

    @routes.post("/chats/{chat}/migration", status_code=201)
    async def migrate(chat: int) -> ChatView:
        return sandbox.migrate(chat)

    _ = create_channel, create_group, chats, one_chat, change_chat, set_member, remove_member
    _ = answer_request, migrate
    return routes


def _messages(sandbox: TelegramSandbox) -> APIRouter:
    routes = APIRouter(prefix="/chats/{chat}", tags=["messages"])

    @routes.get("/messages")
    async def messages(chat: int, after: int = 0) -> list[MessageView]:
        return sandbox.messages(chat, after)

    @routes.post("/messages", status_code=201)
    async def post(chat: int, spec: PostSpec) -> MessageView:
        return sandbox.post(chat, spec)

    @routes.post("/albums", status_code=201)
    async def post_album(chat: int, spec: AlbumSpec) -> list[MessageView]:
        return sandbox.post_album(chat, spec)

    @routes.delete("/messages/{message}", status_code=204)
    async def delete_message(chat: int, message: int) -> None:
        sandbox.delete_message(chat, message)

    _ = messages, post, post_album, delete_message
    return routes


def _disturbances(sandbox: TelegramSandbox) -> APIRouter:
    routes = APIRouter()

    @routes.get("/faults", tags=["faults"])
    async def faults() -> list[FaultView]:
        return sandbox.faults()

    @routes.post("/faults", status_code=201, tags=["faults"])
    async def inject_fault(spec: FaultSpec) -> FaultView:
        return sandbox.inject_fault(spec)

    @routes.delete("/faults/{fault}", status_code=204, tags=["faults"])
    async def remove_fault(fault: int) -> None:
        sandbox.remove_fault(fault)

    @routes.delete("/faults", status_code=204, tags=["faults"])
    async def clear_faults() -> None:
        sandbox.clear_faults()

    @routes.get("/journal", tags=["journal"])
    async def journal(query: Annotated[JournalQuery, Query()]) -> list[JournalEntry]:
        return sandbox.journal(query)

    @routes.get("/journal/counts", tags=["journal"])
    async def journal_counts() -> list[Count]:
        return sandbox.journal_counts()

    @routes.delete("/journal", status_code=204, tags=["journal"])
    async def clear_journal() -> None:
        sandbox.clear_journal()

    _ = faults, inject_fault, remove_fault, clear_faults, journal, journal_counts, clear_journal
    return routes


class ControlServer:
    """Serves a sandbox's control API on loopback, in the sandbox's event loop."""

    def __init__(self, sandbox: TelegramSandbox, port: int = 0) -> None:
        self._wanted_port = port
        self._config = uvicorn.Config(
            create_app(sandbox),
            log_config=None,
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=1,  # a client that keeps its connection open must not delay the stop
        )
        self._server = uvicorn.Server(self._config)
        self._socket: socket.socket | None = None
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        """The URL of the control API; known once it was started."""
        if self._socket is None:
            raise SandboxError("the control is not started")
        return f"http://{_HOST}:{self._socket.getsockname()[1]}"

    async def start(self) -> None:
        """Listen; ``url`` is known afterwards."""
        self._socket = socket.create_server((_HOST, self._wanted_port))
        self._config.load()
        # uvicorn's serve() without its signal handlers: signals belong to the process.
        self._server.lifespan = self._config.lifespan_class(self._config)
        await self._server.startup(sockets=[self._socket])
        self._serving = asyncio.create_task(self._server.main_loop())

    async def stop(self) -> None:
        """Stop serving."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving
            await self._server.shutdown(sockets=[self._socket] if self._socket else None)
            self._serving = None
