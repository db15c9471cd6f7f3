"""The commands to the forwarder."""

from typing import Annotated

from pydantic import Field, PlainSerializer, SecretStr

from libs.events.values import ApplicationId, SessionId
from libs.eventsourcing.model.event import Command

Secret = Annotated[SecretStr, PlainSerializer(lambda secret: secret.get_secret_value(), when_used="json")]
"""A text that is masked in logs and reprs, and in clear only in a command's serialized form."""


class ImportApiPair(Command):
    """Store a Telegram application's `api_id` and `api_hash` in the vault. Refused: `pair_exists`."""

    pair: ApplicationId
    api_id: Annotated[int, Field(ge=1, le=2**31 - 1)]
    api_hash: Annotated[Secret, Field(min_length=32, max_length=32)]


class ImportSession(Command):
    """Read a session, sign in with it once, and store its secret in the vault.

    Refused: `unreadable_session` (with the reason), `session_exists`, `account_exists` (another session of
    the same Telegram account is stored and alive), `session_dead`, `no_api_pair`, `unknown_api_pair`,
    `telegram_unreachable`.
    """

    session: SessionId
    content: Annotated[Secret, Field(min_length=1, max_length=400_000)]
    """A string session, or a Telethon `.session` file in base64 after `base64:`."""
    pair: ApplicationId | None = None
