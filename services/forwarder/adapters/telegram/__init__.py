"""The adapter of Telegram, with Telethon, which is imported at its first use."""

from typing import TYPE_CHECKING

from libs.eventsourcing.lazy_names import imported_at_first_use

if TYPE_CHECKING:
    from services.forwarder.adapters.telegram.account import TelethonAccount
    from services.forwarder.adapters.telegram.connection import trust

__all__ = ["ACCOUNTS", "TelethonAccount", "trust"]

ACCOUNTS = f"{__name__}.account"
"""The module that imports all of Telethon that is used."""

if not TYPE_CHECKING:  # else checkers would take any name for one of these
    __getattr__ = imported_at_first_use(
        __name__, __name__, {"TelethonAccount": "account", "trust": "connection"}
    )
