"""The commands to the forwarder."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, PlainSerializer, SecretStr, model_validator

from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing.model.event import Command

Secret = Annotated[SecretStr, PlainSerializer(lambda secret: secret.get_secret_value(), when_used="json")]
"""A text that is masked in logs and reprs, and in clear only in a command's serialized form."""

Sealed = Annotated[bytes, Field(min_length=57, max_length=400_100)]
"""A secret, encrypted to the vault's public key (`libs.sealing`)."""


def _check_one(sealed: bytes | None, clear: SecretStr | None, named: str) -> None:
    """Raise `ValueError` unless the secret is there once."""
    if (sealed is None) == (clear is None):
        message = f"give either sealed or {named}"
        raise ValueError(message)


class ImportApiPair(Command):
    """Store a Telegram application's `api_id` and `api_hash` in the vault.

    `sealed` is the `api_hash`, bound to `pair` and `api_id`. Refused: `pair_exists`, `unknown_vault_key`,
    `unopenable_secret`.
    """

    varying: ClassVar[frozenset[str]] = frozenset({"sealed"})

    pair: ApplicationId
    api_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    sealed: Sealed | None = Field(default=None, repr=False)
    api_hash: Annotated[Secret, Field(min_length=32, max_length=32)] | None = None
    """In clear, from a gateway of the previous version."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _check_one(self.sealed, self.api_hash, "api_hash")
        return self


class ImportSession(Command):
    """Read a session, sign in with it once, and store its secret in the vault.

    `sealed` is a string session, or a Telethon `.session` file in base64 after `base64:`, bound to `session`
    and `pair`. Refused: `unreadable_session` (with the reason), `session_exists`, `account_exists` (another
    session of the same Telegram account is stored and alive), `session_dead`, `no_api_pair`,
    `unknown_api_pair`, `telegram_unreachable`, `unknown_vault_key`, `unopenable_secret`.
    """

    varying: ClassVar[frozenset[str]] = frozenset({"sealed"})

    session: SessionId
    sealed: Sealed | None = Field(default=None, repr=False)
    content: Annotated[Secret, Field(min_length=1, max_length=400_000)] | None = None
    """In clear, from a gateway of the previous version."""
    pair: ApplicationId | None = None

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        _check_one(self.sealed, self.content, "content")
        return self
