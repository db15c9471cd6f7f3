"""MTProto's service messages, about the connection: pings, salts, states."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sandbox.telegram.core import Core
from sandbox.telegram.sessions import Session
from sandbox.telegram.tl import encode, functions, result, types

# ruff: noqa: ANN401 - messages and answers are TL objects

_SILENT = (types.MsgsAck, types.MsgsStateInfo, types.MsgsAllInfo, types.HttpWait)
_RECEIVED = chr(4)


class Line(Protocol):
    """The connection as used by these messages."""

    def reply(self, body: bytes) -> None:
        """Send an answer."""
        ...

    def expect_ping_within(self, seconds: float) -> None:
        """Close unless another ping is received in that time."""
        ...


def handle(core: Core, line: Line, session: Session, msg_id: int, message: Any) -> bool:
    """Answer a service message of MTProto; return whether the message was one."""
    if isinstance(message, _SILENT):
        return True
    answer = _answer(core, line, session, msg_id, message)
    if answer is not None:
        line.reply(answer if isinstance(answer, bytes) else encode(answer))
    return answer is not None


def _answer(core: Core, line: Line, session: Session, msg_id: int, message: Any) -> Any:
    answer: Any = None
    match message:
        case functions.PingRequest():
            answer = types.Pong(msg_id, message.ping_id)
        case functions.PingDelayDisconnectRequest():
            line.expect_ping_within(message.disconnect_delay)
            answer = types.Pong(msg_id, message.ping_id)
        case functions.GetFutureSaltsRequest():
            answer = _future_salts(core, session, msg_id)
        case functions.DestroySessionRequest():
            answer = types.DestroySessionOk(message.session_id)
        case functions.DestroyAuthKeyRequest():
            core.sessions.destroy(session)
            answer = types.DestroyAuthKeyOk()
        case functions.RpcDropAnswerRequest():
            answer = result(msg_id, encode(types.RpcAnswerUnknown()))
        case types.MsgsStateReq() | types.MsgResendReq():
            answer = types.MsgsStateInfo(msg_id, _RECEIVED * len(message.msg_ids))
        case _:
            pass
    return answer


def _future_salts(core: Core, session: Session, msg_id: int) -> Any:
    now = datetime.now(UTC)
    salt = types.FutureSalt(
        now, now + timedelta(seconds=core.salts.seconds), core.salts.current(session.key_id)
    )
    return types.FutureSalts(msg_id, int(time.time()), [salt])
