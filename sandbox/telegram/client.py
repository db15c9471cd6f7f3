"""The sandbox's controls from another process: the methods of ``TelegramSandbox``, awaited."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
from pydantic import BaseModel, TypeAdapter

from sandbox.plain_http import NO_TLS
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
from sandbox.telegram.specs import (
    AccountSpec,
    AccountState,
    AccountStateSpec,
    AlbumSpec,
    ChannelSpec,
    ChatSettings,
    FaultSpec,
    GroupSpec,
    MemberSpec,
    MemberStatus,
    Policy,
    PostSpec,
    RequestSpec,
    WorldSpec,
)

_NOT_FOUND = 404
_accounts = TypeAdapter(list[AccountView])
_chats = TypeAdapter(list[ChatView])
_sessions = TypeAdapter(list[SessionView])
_messages = TypeAdapter(list[MessageView])
_faults = TypeAdapter(list[FaultView])
_entries = TypeAdapter(list[JournalEntry])
_counts = TypeAdapter(list[Count])


class TelegramSandboxControl:
    """Controls a sandbox in another process.

    Use it as an asynchronous context manager, or end it with ``aclose``. It raises the same errors as
    ``TelegramSandbox``: ``SandboxError`` for an impossible request, and ``UnknownError`` for an unknown
    object.
    """

    def __init__(self, base_url: str, *, timeout_seconds: float = 30.0) -> None:
        self.base_url = base_url
        self._http = httpx.AsyncClient(
            base_url=base_url,
            timeout=timeout_seconds,
            trust_env=False,
            verify=NO_TLS,
            limits=httpx.Limits(keepalive_expiry=2.0),  # below the server's own 5 s
        )

    async def aclose(self) -> None:
        """Close the connection to the control API."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def _ask(
        self, verb: str, path: str, spec: BaseModel | None = None, **params: str | float | None
    ) -> httpx.Response:
        body = None if spec is None else spec.model_dump_json(exclude_none=True)
        wanted = {name: value for name, value in params.items() if value is not None}
        headers = {"content-type": "application/json"} if body else None
        response = await self._http.request(verb, path, content=body, params=wanted, headers=headers)
        if response.is_error:
            raise _refusal(response)
        return response

    # -- the server

    async def endpoint(self) -> Endpoint:
        """Return its addresses and its public key."""
        return Endpoint.model_validate_json((await self._ask("GET", "/endpoint")).content)

    async def load(self, world: WorldSpec) -> None:
        """Add a world document to the world."""
        await self._ask("POST", "/world", world)

    async def set_policy(self, policy: Policy) -> None:
        """Set the policy."""
        await self._ask("PATCH", "/policy", policy)

    async def rotate_salts(self) -> None:
        """Invalidate all salts that clients have."""
        await self._ask("POST", "/salts/rotation")

    async def drop_connections(self, account: int | None = None) -> int:
        """Close the connections of an account, or all; return how many."""
        return int((await self._ask("DELETE", "/connections", account=account)).text)

    # -- accounts and their sessions

    async def create_account(self, spec: AccountSpec | None = None) -> AccountView:
        """Create an account and return it."""
        response = await self._ask("POST", "/accounts", spec or AccountSpec())
        return AccountView.model_validate_json(response.content)

    async def accounts(self) -> list[AccountView]:
        """Return all accounts."""
        return _accounts.validate_json((await self._ask("GET", "/accounts")).content)

    async def set_account_state(self, account: int, state: AccountState) -> AccountView:
        """Set the treatment of an account by Telegram and return the account."""
        response = await self._ask("PUT", f"/accounts/{account}/state", AccountStateSpec(state=state))
        return AccountView.model_validate_json(response.content)

    async def mint_session(self, account: int) -> str:
        """Create a signed-in session and return it as Telethon's ``StringSession`` text, a credential."""
        response = await self._ask("POST", f"/accounts/{account}/sessions")
        return MintedSession.model_validate_json(response.content).session

    async def session_file(self, account: int) -> bytes:
        """Create a signed-in session and return the bytes of its Telethon ``.session`` file, a credential."""
        return (await self._ask("POST", f"/accounts/{account}/session-file")).content

    async def write_session_file(self, account: int, path: Path) -> Path:
        """Create a signed-in session and return the path of its Telethon ``.session`` file, a credential."""
        path = path if path.suffix == ".session" else path.with_name(path.name + ".session")
        path.write_bytes(await self.session_file(account))
        return path

    async def sessions(self, account: int | None = None) -> list[SessionView]:
        """Return the sessions of an account, or all, with ended ones, without keys."""
        response = await self._ask("GET", "/sessions", account=account)
        return _sessions.validate_json(response.content)

    async def held_twice(self) -> list[SessionView]:
        """Return the sessions that were ever used by two connections at once."""
        return _sessions.validate_json((await self._ask("GET", "/sessions/held-twice")).content)

    async def revoke_sessions(self, account: int, error: str = "AUTH_KEY_UNREGISTERED") -> int:
        """Make sessions answer every call with this error; return how many."""
        return int((await self._ask("DELETE", f"/accounts/{account}/sessions", error=error)).text)

    async def destroy_sessions(self, account: int) -> int:
        """Delete keys from the server, so that their users receive -404; return how many."""
        return int((await self._ask("DELETE", f"/accounts/{account}/keys")).text)

    # -- channels and groups

    async def create_channel(self, spec: ChannelSpec | None = None) -> ChatView:
        """Create a broadcast channel with its posts and return it."""
        response = await self._ask("POST", "/channels", spec or ChannelSpec())
        return ChatView.model_validate_json(response.content)

    async def create_group(self, spec: GroupSpec | None = None) -> ChatView:
        """Create a supergroup with its messages and return it."""
        response = await self._ask("POST", "/groups", spec or GroupSpec())
        return ChatView.model_validate_json(response.content)

    async def chats(self) -> list[ChatView]:
        """Return all channels and groups."""
        return _chats.validate_json((await self._ask("GET", "/chats")).content)

    async def chat(self, chat: int) -> ChatView:
        """Return a channel or group."""
        return ChatView.model_validate_json((await self._ask("GET", f"/chats/{chat}")).content)

    async def change_chat(self, chat: int, settings: ChatSettings) -> ChatView:
        """Change the settings of a channel or group and return it."""
        response = await self._ask("PATCH", f"/chats/{chat}", settings)
        return ChatView.model_validate_json(response.content)

    async def set_member(
        self, chat: int, account: int, status: MemberStatus = MemberStatus.MEMBER
    ) -> ChatView:
        """Set an account's place in a chat and return the chat."""
        response = await self._ask("PUT", f"/chats/{chat}/members/{account}", MemberSpec(status=status))
        return ChatView.model_validate_json(response.content)

    async def remove_member(self, chat: int, account: int) -> ChatView:
        """Remove an account from a chat and return the chat."""
        response = await self._ask("DELETE", f"/chats/{chat}/members/{account}")
        return ChatView.model_validate_json(response.content)

    async def answer_request(self, chat: int, account: int, *, approved: bool = True) -> ChatView:
        """Answer an account's request to join as an admin would, and return the chat."""
        answer = RequestSpec(approved=approved)
        response = await self._ask("PUT", f"/chats/{chat}/requests/{account}", answer)
        return ChatView.model_validate_json(response.content)

    async def migrate(self, chat: int) -> ChatView:
        """Make a supergroup of a basic group and return the supergroup."""
        response = await self._ask("POST", f"/chats/{chat}/migration")
        return ChatView.model_validate_json(response.content)

    # -- messages

    async def post(self, chat: int, spec: PostSpec) -> MessageView:
        """Add a message to a chat, whatever the rights there, and return it."""
        response = await self._ask("POST", f"/chats/{chat}/messages", spec)
        return MessageView.model_validate_json(response.content)

    async def post_album(self, chat: int, spec: AlbumSpec) -> list[MessageView]:
        """Add an album with one grouped id and return its messages; an item without media becomes a photo."""
        return _messages.validate_json((await self._ask("POST", f"/chats/{chat}/albums", spec)).content)

    async def messages(self, chat: int, after: int = 0) -> list[MessageView]:
        """Return a chat's messages, oldest first, from the message after ``after``."""
        response = await self._ask("GET", f"/chats/{chat}/messages", after=after)
        return _messages.validate_json(response.content)

    async def delete_message(self, chat: int, message: int) -> None:
        """Delete a message of a chat."""
        await self._ask("DELETE", f"/chats/{chat}/messages/{message}")

    # -- disturbing and looking

    async def inject_fault(self, spec: FaultSpec) -> FaultView:
        """Add a fault for the calls that it matches and return it."""
        return FaultView.model_validate_json((await self._ask("POST", "/faults", spec)).content)

    async def faults(self) -> list[FaultView]:
        """Return all faults that were not removed, with the number of their uses."""
        return _faults.validate_json((await self._ask("GET", "/faults")).content)

    async def remove_fault(self, fault: int) -> None:
        """Remove a fault."""
        await self._ask("DELETE", f"/faults/{fault}")

    async def clear_faults(self) -> None:
        """Remove all faults."""
        await self._ask("DELETE", "/faults")

    async def journal(self, query: JournalQuery | None = None) -> list[JournalEntry]:
        """Return the journal's entries that match the query, oldest first."""
        wanted: dict[str, Any] = (query or JournalQuery()).model_dump()
        return _entries.validate_json((await self._ask("GET", "/journal", **wanted)).content)

    async def journal_counts(self) -> list[Count]:
        """Return the number of calls by method and outcome."""
        return _counts.validate_json((await self._ask("GET", "/journal/counts")).content)

    async def clear_journal(self) -> None:
        """Delete all entries and counts."""
        await self._ask("DELETE", "/journal")


def _refusal(response: httpx.Response) -> SandboxError:
    try:
        text = str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        text = f"the control answered {response.status_code}"
    return UnknownError(text) if response.status_code == _NOT_FOUND else SandboxError(text)
