"""What a sealed secret is bound to: it can be opened for nothing else."""

import json
from uuid import UUID

_DOMAIN = "adrelay sealed secret 1"


def session_binding(session: UUID, application: UUID | None) -> bytes:
    """Return the binding of an uploaded session: its id, and the Telegram application to sign in with.

    The data centre needs no place in it: until the vault has read the session, it is a part of the secret.
    """
    return _binding("session", session, application)


def api_hash_binding(application: UUID, api_id: int) -> bytes:
    """Return the binding of a Telegram application's `api_hash`: the application's id, and its `api_id`."""
    return _binding("api_hash", application, api_id)


def _binding(kind: str, owner: UUID, other: UUID | int | None) -> bytes:
    """Return an unambiguous encoding."""
    parts = [_DOMAIN, kind, str(owner), str(other) if isinstance(other, UUID) else other]
    return json.dumps(parts, separators=(",", ":")).encode()
