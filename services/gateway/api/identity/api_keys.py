"""The text of API keys: `adk_<id>_<secret>`, of which a keyed hash is stored."""

import hmac
import secrets
from dataclasses import dataclass
from uuid import UUID

from libs.events.gateway import ApiKeyId, CodeDigest
from services.gateway.account.keyed_hash import KeyedHash

PREFIX = "adk_"
_SECRET_BYTES = 24
_CHECK_DIGITS = 16
_SECRET_DIGITS = 2 * _SECRET_BYTES + _CHECK_DIGITS
_ID_DIGITS = 32


@dataclass(frozen=True)
class PresentedKey:
    """An API key that a caller presents, made by somebody who has the pepper; it may be revoked."""

    key: ApiKeyId
    digest: CodeDigest


class ApiKeys:
    """Makes API keys and reads them.

    A part of the secret is a keyed hash of the rest, so that made-up keys are refused without a look into
    the database.
    """

    def __init__(self, keyed: KeyedHash) -> None:
        self._keyed = keyed

    def make(self, key: ApiKeyId) -> tuple[PresentedKey, str]:
        """Return a key of this id with a secret that is drawn, and its text, which is shown once."""
        drawn = secrets.token_hex(_SECRET_BYTES)
        secret = drawn + _check(self._keyed, key, drawn)
        return PresentedKey(key, _digest(self._keyed, key, secret)), f"{PREFIX}{key.hex}_{secret}"

    def read(self, text: str) -> PresentedKey | None:
        """Return the key that a text presents, None if it was not made here."""
        number, _, secret = text.removeprefix(PREFIX).partition("_")
        if not text.startswith(PREFIX) or len(number) != _ID_DIGITS or len(secret) != _SECRET_DIGITS:
            return None
        try:
            key = ApiKeyId(UUID(hex=number))
        except ValueError:
            return None
        drawn, check = secret[: 2 * _SECRET_BYTES], secret[2 * _SECRET_BYTES :]
        for keyed in self._keyed.each:
            if hmac.compare_digest(check.encode(), _check(keyed, key, drawn).encode()):
                return PresentedKey(key, _digest(keyed, key, secret))
        return None


def _check(keyed: KeyedHash, key: ApiKeyId, drawn: str) -> str:
    return keyed.of("api key check", f"{key} {drawn}").hex()[:_CHECK_DIGITS]


def _digest(keyed: KeyedHash, key: ApiKeyId, secret: str) -> CodeDigest:
    return keyed.of("api key", f"{key} {secret}").hex()
