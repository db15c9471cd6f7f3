"""One client's connection: packets in, messages out, and MTProto's messages about both."""

import asyncio
import itertools
import secrets
import time
from typing import Any, cast

from sandbox.telegram import crypto, dispatch, service, tl
from sandbox.telegram.core import Core
from sandbox.telegram.crypto import Envelope
from sandbox.telegram.errors import MalformedError, RpcError
from sandbox.telegram.framing import Encrypted, Framing, Plain
from sandbox.telegram.handshake import Handshake
from sandbox.telegram.journal import Entry
from sandbox.telegram.sessions import Session
from sandbox.telegram.tl import Inner, types

_numbers = itertools.count(1)

_KEY_NOT_FOUND = 404
_TOO_OLD, _TOO_NEW = 300, 30  # the largest difference of a client's message id from our clock, in seconds
_ID_TOO_LOW, _ID_TOO_HIGH, _ID_NOT_EVEN, _WRONG_SALT = 16, 17, 18, 48
_CONTAINED = 100  # the most messages in one container


class ClientConnection(asyncio.Protocol):
    """The protocol of one client's connection, until either side closes it."""

    def __init__(self, core: Core, connections: set["ClientConnection"]) -> None:
        self.number = next(_numbers)
        self.no_updates = False
        self._core = core
        self._connections = connections
        self._framing = Framing()
        self._handshake = Handshake(core.key)
        self._transport: asyncio.Transport | None = None
        self._session: Session | None = None
        self._session_id: int | None = None  # MTProto's: the client generates it
        self._announced = False
        self._last_msg_id = 0
        self._content_count = 0
        self._outbox: list[Inner] = []
        self._collecting = False
        self._ping_deadline: asyncio.TimerHandle | None = None

    @property
    def account(self) -> int | None:
        """The account that is signed in now."""
        return self._session.account if self._session else None

    # -- asyncio's calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Register the connection."""
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release the key, so that the client can reconnect with it."""
        del exc
        self._leave()

    def eof_received(self) -> bool:
        """Release the key at once: a killed client's successor may be connected already."""
        self._close()
        return False

    def data_received(self, data: bytes) -> None:
        """Answer all complete messages; close the connection on bytes that are not MTProto."""
        self._collecting = True
        try:
            for packet in self._framing.feed(data):
                if self._transport is None:
                    return
                if isinstance(packet, Plain):
                    self._plain(packet)
                else:
                    self._encrypted(packet)
        except MalformedError as error:
            self._note("transport.malformed", "closed", str(error))
            self._close()
        finally:
            self._collecting = False
            self._flush()

    # -- in

    def _plain(self, packet: Plain) -> None:
        try:
            request = tl.decode(packet.data)
        except RpcError as error:
            raise MalformedError(f"not a step of the key exchange: {error.name}") from error
        answer = tl.encode(self._handshake.answer(request))
        self._write(self._framing.plain(self._next_msg_id(reply=True), answer))
        if self._handshake.key is not None:
            session = self._core.sessions.add(self._handshake.key, "handshake")
            self._handshake = Handshake(self._core.key)
            self._core.journal.write(Entry("transport.handshake", self.number, session.name))

    def _encrypted(self, packet: Encrypted) -> None:
        session = self._core.sessions.find(packet.key_id)
        if session is None:
            self._note("transport.unknown_key", "closed", f"{packet.key_id & (2**64 - 1):016x}")
            self._write(self._framing.error(_KEY_NOT_FOUND))
            self._close()
            return
        envelope = crypto.open_envelope(session.key, packet.message_key, packet.data)
        if session is not self._session:
            self._take(session)
        if self._acceptable(session, envelope):
            self._messages(session, envelope)

    def _take(self, session: Session) -> None:
        if self._session is not None:
            self._session.holders.discard(self)
        self._session, self._session_id = session, None
        if not self._core.sessions.hold(session, self):
            self._note("transport.duplicate_key", "held twice")

    def _acceptable(self, session: Session, envelope: Envelope) -> bool:
        """Return whether salt and message id are valid; if not, the client has been answered."""
        problem: Any = None
        ahead = (envelope.msg_id >> 32) - time.time()
        if not self._core.salts.accepts(session.key_id, envelope.salt):
            salt = self._core.salts.current(session.key_id)
            problem = types.BadServerSalt(envelope.msg_id, envelope.seq_no, _WRONG_SALT, salt)
        elif envelope.msg_id % 4:
            problem = types.BadMsgNotification(envelope.msg_id, envelope.seq_no, _ID_NOT_EVEN)
        elif not -_TOO_OLD <= ahead <= _TOO_NEW:
            code = _ID_TOO_LOW if ahead < 0 else _ID_TOO_HIGH
            problem = types.BadMsgNotification(envelope.msg_id, envelope.seq_no, code)
        if problem is not None:
            self._session_id = self._session_id or envelope.session_id
            name = "bad_salt" if isinstance(problem, types.BadServerSalt) else "bad_message_id"
            self._note(f"transport.{name}", "told")
            self.reply(tl.encode(problem))
        return problem is None

    def _messages(self, session: Session, envelope: Envelope) -> None:
        if self._session_id != envelope.session_id or not self._announced:
            self._session_id, self._announced = envelope.session_id, True
            salt = self._core.salts.current(session.key_id)
            self.push(tl.encode(types.NewSessionCreated(envelope.msg_id, secrets.randbits(62), salt)))
        acknowledged: list[int] = []
        for inner in tl.unpack(envelope.msg_id, envelope.seq_no, envelope.body):
            if inner.seq_no & 1:
                acknowledged.append(inner.msg_id)
            self._message(session, inner)
            if self._transport is None:
                return
        if acknowledged:
            self._send(tl.encode(types.MsgsAck(acknowledged)), reply=False, content=False)

    def _message(self, session: Session, inner: Inner) -> None:
        try:
            message = tl.decode(inner.body)
        except RpcError as error:
            self._note("transport.unknown_method", "INPUT_METHOD_INVALID", error.name)
            self.reply(tl.result(inner.msg_id, bytes(types.RpcError(error.code, error.name))))
            return
        if service.handle(self._core, self, session, inner.msg_id, message):
            return
        if not tl.is_request(message):
            raise MalformedError(f"not a message of a client: {type(message).__name__}")
        dispatch.execute(self._core, self, session, inner.msg_id, message)

    # -- out

    def reply(self, body: bytes) -> None:
        """Send an answer."""
        self._send(body, reply=True)

    def push(self, body: bytes) -> None:
        """Send an update."""
        self._send(body, reply=False)

    def drop(self) -> None:
        """Close at once, without unsent data."""
        self._outbox.clear()
        transport = self._transport
        self._leave()
        if transport is not None:
            transport.abort()

    def expect_ping_within(self, seconds: float) -> None:
        """Close unless another ping is received in that time."""
        if self._ping_deadline is not None:
            self._ping_deadline.cancel()
        self._ping_deadline = asyncio.get_running_loop().call_later(seconds, self._close)

    def _send(self, body: bytes, *, reply: bool, content: bool = True) -> None:
        """Put a message into the outbox, which is sent as one container."""
        if self._transport is None:  # a late answer to a disconnected client
            return
        seq_no = self._content_count * 2 + content
        self._content_count += content
        self._outbox.append(Inner(self._next_msg_id(reply=reply), seq_no, body))
        if not self._collecting:
            self._flush()

    def _flush(self) -> None:
        while self._outbox and self._transport is not None:
            batch, self._outbox = self._outbox[:_CONTAINED], self._outbox[_CONTAINED:]
            self._seal(batch[0] if len(batch) == 1 else self._contained(batch))

    def _contained(self, batch: list[Inner]) -> Inner:
        return Inner(self._next_msg_id(reply=False), self._content_count * 2, tl.container(batch))

    def _seal(self, message: Inner) -> None:
        session = self._session
        if session is None or self._session_id is None:
            return
        salt = self._core.salts.current(session.key_id)
        envelope = Envelope(salt, self._session_id, message.msg_id, message.seq_no, message.body)
        self._write(self._framing.encrypted(session.key_id, *crypto.seal(session.key, envelope)))

    def _next_msg_id(self, *, reply: bool) -> int:
        """Return the time in MTProto's format; the last two bits distinguish answers."""
        now = int(time.time() * 2**32) & ~3
        self._last_msg_id = max(now, (self._last_msg_id & ~3) + 4) | (1 if reply else 3)
        return self._last_msg_id

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _note(self, method: str, outcome: str, detail: str = "") -> None:
        session = self._session.name if self._session else None
        entry = Entry(method, self.number, session, self.account, outcome=outcome, detail=detail)
        self._core.journal.write(entry)

    def _close(self) -> None:
        self._flush()
        transport = self._transport
        self._leave()
        if transport is not None:
            transport.close()

    def _leave(self) -> None:
        self._transport = None
        self._connections.discard(self)
        self._core.feed.unsubscribe(self)
        if self._session is not None:
            self._session.holders.discard(self)
        if self._ping_deadline is not None:
            self._ping_deadline.cancel()
