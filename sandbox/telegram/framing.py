"""MTProto's transports by the package `mtproto`: bytes to packets, packets to bytes.

It ships no types, so its objects are `Any` here and do not leave this module.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import mtproto.enums
import mtproto.transport.connection
import mtproto.transport.packets.error_packet
import mtproto.transport.packets.message_packet

from sandbox.telegram.errors import MalformedError

_enums: Any = mtproto.enums
_connection: Any = mtproto.transport.connection
_packets: Any = mtproto.transport.packets.message_packet
_errors: Any = mtproto.transport.packets.error_packet


class Plain(NamedTuple):
    """A packet of the key exchange."""

    data: bytes


class Encrypted(NamedTuple):
    """A packet under an authorization key."""

    key_id: int
    message_key: bytes
    data: bytes


class Framing:
    """One connection's transport, which is determined by the client's first bytes."""

    def __init__(self) -> None:
        self._wire = _connection.Connection(_enums.ConnectionRole.SERVER)

    def feed(self, data: bytes) -> Iterator[Plain | Encrypted]:
        """Yield the complete packets, or raise ``MalformedError``."""
        try:
            self._wire.data_received(data)
            while self._wire.has_packet():
                yield self._packet(self._wire.next_event())
        except MalformedError:
            raise
        except Exception as error:  # mtproto raises many kinds of errors
            raise MalformedError(f"unreadable packet: {type(error).__name__}") from error

    @staticmethod
    def _packet(packet: Any) -> Plain | Encrypted:  # noqa: ANN401 - mtproto ships no types
        if isinstance(packet, _packets.UnencryptedMessagePacket):
            return Plain(bytes(packet.message_data))
        if isinstance(packet, _packets.EncryptedMessagePacket):
            return Encrypted(packet.auth_key_id, bytes(packet.message_key), bytes(packet.encrypted_data))
        raise MalformedError("not a packet of a client, or out of order")

    def plain(self, msg_id: int, data: bytes) -> bytes:
        """Return the packet of an answer in the key exchange."""
        return self._bytes(_packets.UnencryptedMessagePacket(msg_id, data))

    def encrypted(self, key_id: int, message_key: bytes, data: bytes) -> bytes:
        """Return the packet of an encrypted message."""
        return self._bytes(_packets.EncryptedMessagePacket(key_id, message_key, data))

    def error(self, code: int) -> bytes:
        """Return the packet of a transport error: 404 is an unknown key."""
        return self._bytes(_errors.ErrorPacket(code))

    def _bytes(self, packet: Any) -> bytes:  # noqa: ANN401 - mtproto ships no types
        return bytes(self._wire.send(packet))
