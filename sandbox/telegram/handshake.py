"""The server side of the key exchange: https://core.telegram.org/mtproto/auth_key."""

import hashlib
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import telethon.crypto
import telethon.helpers

from sandbox.telegram import crypto, tl
from sandbox.telegram.errors import MalformedError

_helpers: Any = telethon.helpers
_auth_key: Any = telethon.crypto.AuthKey

_P, _Q = 1229739323, 1402015859  # any two primes: the client has to find them
_GENERATOR = 3
_KEY_SIZE = 256
DH_PRIME = int(
    "C71CAEB9C6B1C9048E6C522F70F13F73980D40238E3E21C14934D037563D930F48198A0AA7C14058229493D22530F4DB"
    "FA336F6E0AC925139543AED44CCE7C3720FD51F69458705AC68CD4FE6B6B13ABDC9746512969328454F18FAF8C595F64"
    "2477FE96BB2A941D5BCD1D4AC8CC49880708FA9B378E3C4F3A9060BEE67CF9A4A4A695811051907E162753B56B0F6B41"
    "0DBA74D8A84B2A14B3144E0EF1284754FD17ED950D5965B4B9DD46582DB1178D169C6BC465B0D6FF9CA3928FEF5B9AE4"
    "E418FC15E83EBEA0F87FA9FF5EED70050DED2849F47BF959D956850CE929851F0D8115F635B105EE2E4E15D04B2454BF"
    "6F4FADF034B10403119CD8E3B92FCC5B",
    16,
)  # the prime that Telegram itself uses


@dataclass
class Handshake:
    """One connection's key exchange; ``key`` is set once it is complete."""

    server_key: crypto.ServerKey
    key: bytes | None = None
    _nonce: int = 0
    _server_nonce: int = 0
    _new_nonce: int = 0
    _secret: int = field(default=0, repr=False)

    def answer(self, request: Any) -> Any:  # noqa: ANN401 - TL objects
        """Return the answer to a step of the exchange, or raise ``MalformedError``."""
        if isinstance(request, tl.functions.ReqPqMultiRequest | tl.functions.ReqPqRequest):
            return self._res_pq(request)
        if (
            getattr(request, "nonce", None) != self._nonce
            or getattr(request, "server_nonce", None) != self._server_nonce
        ):
            raise MalformedError("a step of another key exchange")
        if isinstance(request, tl.functions.ReqDHParamsRequest):
            return self._dh_params(request)
        if isinstance(request, tl.functions.SetClientDHParamsRequest) and self._secret:
            return self._dh_gen(request)
        raise MalformedError(f"not a step of the key exchange: {type(request).__name__}")

    def _res_pq(self, request: Any) -> Any:  # noqa: ANN401 - TL objects
        self._nonce = request.nonce
        self._server_nonce = int.from_bytes(secrets.token_bytes(16), "big", signed=True)
        pq = crypto.to_bytes(_P * _Q)
        return tl.types.ResPQ(self._nonce, self._server_nonce, pq, [self.server_key.fingerprint])

    def _dh_params(self, request: Any) -> Any:  # noqa: ANN401 - TL objects
        plain = self.server_key.decrypt(request.encrypted_data)
        inner = _hashed(plain)
        if inner.nonce != self._nonce or inner.server_nonce != self._server_nonce:
            raise MalformedError("wrong nonces inside the key exchange")
        self._new_nonce = inner.new_nonce
        self._secret = secrets.randbits(2048)
        params = tl.types.ServerDHInnerData(
            self._nonce,
            self._server_nonce,
            _GENERATOR,
            crypto.to_bytes(DH_PRIME),
            crypto.to_bytes(pow(_GENERATOR, self._secret, DH_PRIME)),
            int(time.time()),
        )
        data = tl.encode(params)
        data = _sha1(data) + data
        data += secrets.token_bytes(-len(data) % 16)
        return tl.types.ServerDHParamsOk(
            self._nonce, self._server_nonce, crypto.encrypt_ige(data, *self._temporary_key())
        )

    def _dh_gen(self, request: Any) -> Any:  # noqa: ANN401 - TL objects
        if len(request.encrypted_data) % 16:
            raise MalformedError("encrypted data is not in whole blocks")
        inner = _hashed(crypto.decrypt_ige(request.encrypted_data, *self._temporary_key()))
        g_b = int.from_bytes(inner.g_b, "big")
        if not 1 < g_b < DH_PRIME - 1:
            raise MalformedError("g_b out of range")
        key = crypto.to_bytes(pow(g_b, self._secret, DH_PRIME))
        if len(key) < _KEY_SIZE:  # one in 256: Telethon could not use it, so both sides retry
            return tl.types.DhGenRetry(self._nonce, self._server_nonce, self._hash_of(key, 2))
        self.key, self._secret = key, 0
        return tl.types.DhGenOk(self._nonce, self._server_nonce, self._hash_of(key, 1))

    def _temporary_key(self) -> tuple[bytes, bytes]:
        key, iv = _helpers.generate_key_data_from_nonce(self._server_nonce, self._new_nonce)
        return bytes(key), bytes(iv)

    def _hash_of(self, key: bytes, number: int) -> int:
        return int(_auth_key(key).calc_new_nonce_hash(self._new_nonce, number))


def _hashed(plain: bytes) -> Any:  # noqa: ANN401 - TL objects
    """Return the TL object after its own SHA-1, without padding."""
    inner = tl.decode(plain[20:])
    if _sha1(tl.encode(inner)) != plain[:20]:
        raise MalformedError("wrong hash inside the key exchange")
    return inner


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()
