"""Executes calls: wrappers, faults, rights of the session, the handler, the journal, the answer."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

from sandbox.telegram import tl
from sandbox.telegram.calls import Call, Method
from sandbox.telegram.core import Core
from sandbox.telegram.errors import RpcError
from sandbox.telegram.faults import Fault
from sandbox.telegram.feed import Listener
from sandbox.telegram.journal import Entry
from sandbox.telegram.rpc import METHODS
from sandbox.telegram.sessions import Session
from sandbox.telegram.specs import AccountState, DuplicateKeys, FaultAction, FaultMoment
from sandbox.telegram.tl import functions, types

# ruff: noqa: ANN401 - requests and answers are TL objects

_log = logging.getLogger(__name__)
_WRAPPERS = (
    functions.InvokeWithLayerRequest,
    functions.InitConnectionRequest,
    functions.InvokeWithoutUpdatesRequest,
    functions.InvokeAfterMsgRequest,
    functions.InvokeAfterMsgsRequest,
)
_OF_TOMORROW = bytes.fromhex("efbeadde")
"""The constructor of a type that no layer has."""
_STATE_ERRORS = {
    AccountState.BANNED: "USER_DEACTIVATED_BAN",
    AccountState.DEACTIVATED: "USER_DEACTIVATED",
}


class Caller(Listener, Protocol):
    """The connection as used by a call."""

    number: int
    no_updates: bool

    def reply(self, body: bytes) -> None:
        """Send an answer."""
        ...

    def drop(self) -> None:
        """Close at once, without unsent data."""
        ...


def execute(core: Core, caller: Caller, session: Session, msg_id: int, request: Any) -> None:
    """Answer a call at once, later or never, according to the active faults."""
    query, problem = _unwrapped(core, caller, session, request)
    entry = _entry(caller, session, query)
    call = Call(core, session, caller, entry)
    chats = [chat for chat in (entry.chat, entry.source) if chat is not None]
    fault = None if problem else core.faults.strike(session.account, entry.method, chats)

    def perform() -> bytes:
        return tl.result(msg_id, _outcome(call, query, problem))

    def finish() -> None:
        _finish(core, caller, entry, perform)

    if fault is None:
        finish()
    else:
        entry.fault = fault.id
        _strike(core, caller, entry, fault, msg_id, perform)


def _finish(core: Core, caller: Caller, entry: Entry, perform: Callable[[], bytes]) -> None:
    body = perform()
    core.journal.write(entry)
    caller.reply(body)


def _strike(
    core: Core, caller: Caller, entry: Entry, fault: Fault, msg_id: int, perform: Callable[[], bytes]
) -> None:
    spec = fault.spec
    after = spec.moment is FaultMoment.AFTER
    match spec.action:
        case FaultAction.ERROR:
            error = RpcError(spec.name or "", spec.code)
            entry.outcome = error.name
            core.journal.write(entry)
            caller.reply(tl.result(msg_id, _error(error)))
        case FaultAction.DELAY if after:
            body = perform()
            core.journal.write(entry)
            asyncio.get_running_loop().call_later(spec.seconds, caller.reply, body)
        case FaultAction.DELAY:  # even if the client has disconnected: a server does not know either
            asyncio.get_running_loop().call_later(spec.seconds, _finish, core, caller, entry, perform)
        case FaultAction.HOLD if after:
            body = perform()
            core.journal.write(entry)
            fault.held.append(partial(caller.reply, body))
        case FaultAction.HOLD:
            fault.held.append(partial(_finish, core, caller, entry, perform))
        case FaultAction.DROP_CONNECTION | FaultAction.NEVER_ANSWER | FaultAction.UNREADABLE:
            entry.answered = spec.action is FaultAction.UNREADABLE
            if after:
                perform()
            else:
                entry.outcome = "not_executed"
            core.journal.write(entry)
            _leave_without_result(caller, spec.action, msg_id)


def _leave_without_result(caller: Caller, action: FaultAction, msg_id: int) -> None:
    if action is FaultAction.UNREADABLE:
        caller.reply(tl.result(msg_id, _OF_TOMORROW))
    elif action is FaultAction.DROP_CONNECTION:
        caller.drop()


def _outcome(call: Call, query: Any, problem: RpcError | None) -> bytes:
    """Return the bytes of the result or the error, and add the outcome to the journal entry."""
    try:
        known = _permitted(call, problem)
        answer = tl.encode(known.handler(call, query))
    except RpcError as error:
        call.entry.outcome = error.name
        return _error(error)
    except Exception:  # noqa: BLE001 - a mistake of ours: this client learns so, the others are still served
        _log.exception("the sandbox failed in %s", call.entry.method)
        call.entry.outcome = "SANDBOX_FAILURE"
        return _error(RpcError("SANDBOX_FAILURE"))
    if call.session.account is not None and not getattr(call.listener, "no_updates", False):
        call.core.feed.subscribe(call.listener, call.session.account)
    return answer


def _permitted(call: Call, problem: RpcError | None) -> Method:
    """Return the method, if this session's account may call it, in these wrappers."""
    if problem is not None:
        raise problem
    session, core = call.session, call.core
    if len(session.holders) > 1 and core.conduct.duplicate_keys is DuplicateKeys.REJECT:
        core.sessions.destroy(session)
        raise RpcError("AUTH_KEY_DUPLICATED")
    known = METHODS.get(call.entry.method)
    if known is None:
        raise RpcError("METHOD_INVALID")
    if not known.signed_in:
        return known
    if session.revoked is not None:
        raise RpcError(session.revoked)
    state = call.account.state
    if state in _STATE_ERRORS:
        raise RpcError(_STATE_ERRORS[state])
    if known.writes and state is AccountState.FROZEN:
        raise RpcError("FROZEN_METHOD_INVALID")
    return known


def _unwrapped(core: Core, caller: Caller, session: Session, request: Any) -> tuple[Any, RpcError | None]:
    """Return the call inside its wrappers, and the error of these, if any."""
    problem = None
    while isinstance(request, _WRAPPERS):
        if isinstance(request, functions.InvokeWithLayerRequest) and request.layer != tl.LAYER:
            problem = RpcError("CONNECTION_LAYER_INVALID")
        elif isinstance(request, functions.InvokeWithoutUpdatesRequest):
            caller.no_updates = True
        elif isinstance(request, functions.InitConnectionRequest):
            session.initialised, session.api_id = True, request.api_id
            try:
                core.conduct.require_api_id(request.api_id)
            except RpcError as error:
                problem = error
        request = request.query
    if not session.initialised:
        problem = problem or RpcError("CONNECTION_NOT_INITED")
    return request, problem


def _entry(caller: Caller, session: Session, query: Any) -> Entry:
    named = (getattr(query, name, None) for name in ("to_peer", "peer", "channel"))
    target = next((peer for peer in named if peer is not None), None)
    return Entry(
        method=tl.method_name(query),
        connection=caller.number,
        session=session.name,
        account=session.account,
        chat=getattr(target, "channel_id", None) or getattr(target, "chat_id", None),
        source=getattr(getattr(query, "from_peer", None), "channel_id", None),
        message_ids=_numbers(getattr(query, "id", None)),
        random_ids=_numbers(getattr(query, "random_id", None)),
    )


def _numbers(named: Any) -> list[int]:
    """Return the numbers among one or many objects; `inputMessageID` counts as one, users do not."""
    many: Iterable[Any] = named if hasattr(named, "__iter__") else [named]
    numbers = (one.id if isinstance(one, types.InputMessageID) else one for one in many)
    return [number for number in numbers if isinstance(number, int)]


def _error(error: RpcError) -> bytes:
    return bytes(types.RpcError(error.code, error.name))
