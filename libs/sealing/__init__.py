"""Secrets for the vault alone: encrypted to its public key by whoever receives them.

HPKE (RFC 9180) in base mode: X25519, HKDF-SHA256 and AES-256-GCM, with an encapsulated key of its own for
each secret. What a secret is bound to is HPKE's `info`, as section 8.1 of the RFC advises for single
messages.
"""

from libs.sealing.bindings import api_hash_binding, session_binding
from libs.sealing.keys import Misdirected, PrivateKeys, PublicKey, Tampered, Unopened, public_key_of

__all__ = [
    "Misdirected",
    "PrivateKeys",
    "PublicKey",
    "Tampered",
    "Unopened",
    "api_hash_binding",
    "public_key_of",
    "session_binding",
]
