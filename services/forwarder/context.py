"""The dependencies of the forwarder's handlers, besides events and the database."""

from dataclasses import dataclass
from datetime import timedelta

from services.forwarder.vault.accounts import Telegram
from services.forwarder.vault.session_reader import SessionReader
from services.forwarder.vault.store import Vault


@dataclass(frozen=True)
class Context:
    """The vault, Telegram, and how long a cycle waits for a paused seat."""

    vault: Vault
    telegram: Telegram
    reader: SessionReader
    cycle_timeout: timedelta
