"""A seat's connection to the messenger: opened on demand, closed with the lease."""

from libs.events.values import AdbotId, ApplicationId, ErrorName
from libs.eventsourcing import Engine
from services.forwarder.pool.leases import HeldLease
from services.forwarder.pool.peers import PeerBook, forget_peers
from services.forwarder.pool.posting import Posting
from services.forwarder.ports import Account, Accounts


class SessionConnection:
    """The only connection of a session."""

    def __init__(self, engine: Engine, held: HeldLease, accounts: Accounts) -> None:
        self._engine = engine
        self._held = held
        self._accounts = accounts
        self._account: Account | None = None
        self._posting: Posting | None = None
        self._application: ApplicationId | None = None
        self._adbot: AdbotId | None = None

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account."""
        return self._accounts.ban

    @property
    def connected(self) -> bool:
        """The connection is open."""
        return self._account is not None and self._account.connected

    async def open(self, application: ApplicationId, adbot: AdbotId) -> Posting:
        """Return the sender for an adbot over an open connection.

        Raises `MessengerError`, `LeaseLost`, `NoCredentials`.
        """
        if self._account is None or self._application != application:
            await self.close()
            self._account, self._posting = (
                await self._accounts.open(self._held.lease.session, application),
                None,
            )
            self._application = application
        if self._posting is None or self._adbot != adbot:
            self._posting, self._adbot = await self._start_for(adbot, self._account), adbot
        if not self._account.connected:
            self._held.check()
            await self._account.connect()
            self.keep()
        return self._posting

    async def _start_for(self, adbot: AdbotId, account: Account) -> Posting:
        """Return a sender for an adbot, without the peers that the session resolved for another adbot."""
        session = self._held.lease.session
        await self._engine.query(lambda sql: forget_peers(sql, session, but=adbot))
        return Posting(account, PeerBook(self._engine, session, adbot, account))

    def keep(self) -> None:
        """Make the messenger close the connection when the lease ends, even if this process is frozen."""
        seconds = int(self._held.remaining)
        if self._account is not None and seconds >= 1:
            self._account.keep_for(seconds)

    async def close(self) -> None:
        """Disconnect; may be repeated."""
        if self._account is not None:
            await self._account.close()
