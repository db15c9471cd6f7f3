"""Where Telegram's servers are, and the accounts there."""

import asyncio
from importlib import import_module

from libs.events.values import ErrorName
from services.forwarder.adapters import telegram
from services.forwarder.adapters.telegram.error_table import BAN
from services.forwarder.ports import Account
from services.forwarder.settings import ForwarderSettings
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import Credentials

PRODUCTION = {
    1: "149.154.175.53",
    2: "149.154.167.51",
    3: "149.154.175.100",
    4: "149.154.167.91",
    5: "91.108.56.130",
}
"""Telegram's data centres. Addresses in uploads are ignored: they could be anybody's servers."""
PRODUCTION_PORT = 443


class TelethonTelegram:
    """Telegram's own data centres, or the one server of the settings.

    Telethon is imported with the first account: it takes 27 MiB.
    """

    def __init__(self, settings: ForwarderSettings) -> None:
        self._settings = settings
        if settings.telegram_public_key_file is not None:
            # process-wide: Telethon has no other setting
            telegram.trust(settings.telegram_public_key_file.read_text())

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account."""
        return BAN

    def knows(self, session: SessionKey) -> bool:
        """Return whether the session's data centre exists."""
        return self._address(session.dc) is not None

    def _address(self, dc: int) -> tuple[str, int] | None:
        """Return the address of a data centre; None if there is no such."""
        if self._settings.telegram_host:
            return self._settings.telegram_host, self._settings.telegram_port
        return (PRODUCTION[dc], PRODUCTION_PORT) if dc in PRODUCTION else None

    async def account(self, credentials: Credentials) -> Account:
        """Return the account of a session, not yet connected."""
        settings, session = self._settings, credentials.session
        if settings.telegram_host:
            address, dc = (settings.telegram_host, settings.telegram_port), settings.telegram_dc
        else:
            address, dc = (PRODUCTION[session.dc], PRODUCTION_PORT), session.dc
        await asyncio.to_thread(import_module, telegram.ACCOUNTS)  # the first import takes a while
        return telegram.TelethonAccount(
            credentials,
            address,
            dc,
            address_of=self._address,
            connect_seconds=settings.connect_seconds,
            request_seconds=settings.request_seconds,
        )
