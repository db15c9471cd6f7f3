"""A seat's connection to Telegram: opened when it is needed, closed with the lease."""

from libs.events.values import AdbotId, ApplicationId
from libs.eventsourcing import Engine
from services.forwarder.pool.leases import Held
from services.forwarder.pool.peers import PeerBook, forget_peers
from services.forwarder.pool.posting import Posting
from services.forwarder.ports import Account, Telegram
from services.forwarder.vault.store import Vault


class VaultIncomplete(Exception):
    """The vault lacks what a seat needs to connect; an operator has to look."""


class SessionConnection:
    """The only connection of one session."""

    def __init__(self, engine: Engine, held: Held, telegram: Telegram, vault: Vault) -> None:
        self._engine = engine
        self._held = held
        self._telegram = telegram
        self._vault = vault
        self._account: Account | None = None
        self._posting: Posting | None = None
        self._application: ApplicationId | None = None
        self._adbot: AdbotId | None = None

    @property
    def connected(self) -> bool:
        """Whether the connection is open."""
        return self._account is not None and self._account.connected

    async def open(self, application: ApplicationId, adbot: AdbotId) -> Posting:
        """Return an adbot's sender over an open connection.

        Raises `TelegramError`, `LeaseLost`, `VaultIncomplete`.
        """
        if self._account is None or self._application != application:
            await self.close()
            self._account, self._posting = await self._make(application), None
            self._application = application
        if self._posting is None or self._adbot != adbot:
            self._posting, self._adbot = await self._start_for(adbot, self._account), adbot
        if not self._account.connected:
            self._held.check()
            await self._account.connect()
            self.keep()
        return self._posting

    async def _start_for(self, adbot: AdbotId, account: Account) -> Posting:
        """Return an adbot's sender, without the peers that the session knew for another adbot."""
        session = self._held.lease.session
        await self._engine.query(lambda sql: forget_peers(sql, session, but=adbot))
        return Posting(account, PeerBook(self._engine, session, adbot, account))

    async def _make(self, application: ApplicationId) -> Account:
        session = self._held.lease.session
        secret = await self._engine.query(lambda sql: self._vault.session(sql, session))
        api = await self._engine.query(lambda sql: self._vault.application(sql, application))
        if secret is None or api is None:
            missing = (
                f"the session {session}" if secret is None else f"the Telegram application {application}"
            )
            message = f"the vault does not hold {missing}"
            raise VaultIncomplete(message)
        return self._telegram.account(secret, api)

    def keep(self) -> None:
        """Ask Telegram to close the connection at the lease's end, should this process freeze."""
        seconds = int(self._held.remaining)
        if self._account is not None and seconds >= 1:
            self._account.keep_for(seconds)

    async def close(self) -> None:
        """Close the connection."""
        if self._account is not None:
            await self._account.close()
