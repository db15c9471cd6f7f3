"""The commands to a Telegram application."""

from dataclasses import dataclass

from libs.events.values import ApplicationId


@dataclass(frozen=True)
class Import:
    """Import a Telegram application whose `api_hash` is in the vault."""

    pair: ApplicationId
    api_id: int


Command = Import
