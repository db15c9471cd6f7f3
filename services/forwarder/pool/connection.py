"""A seat's connection to the messenger: opened on demand, closed with the lease."""

import asyncio

from libs.events.values import AdbotId, ApplicationId, ErrorName
from libs.eventsourcing import Engine
from services.forwarder.pool.known import forget_peers
from services.forwarder.pool.leases import HeldLease, now
from services.forwarder.pool.methods import UNLIMITED, Allowances, Methods
from services.forwarder.pool.peers import PeerBook
from services.forwarder.pool.posting import Posting
from services.forwarder.pool.waiting import happened
from services.forwarder.ports import Account, Accounts

MARGIN_SECONDS = 1.0
"""How long before the messenger an idle connection is closed here."""


class SessionConnection:
    """The only connection of a session."""

    def __init__(
        self, engine: Engine, held: HeldLease, accounts: Accounts, allowances: Allowances = UNLIMITED
    ) -> None:
        self._engine = engine
        self.held = held
        self._accounts = accounts
        self._methods = Methods(engine, held.lease.session, allowances)
        self._account: Account | None = None
        self._posting: Posting | None = None
        self._application: ApplicationId | None = None
        self._adbot: AdbotId | None = None
        self.idling = False
        """The seat has no work."""
        self._ends_at = 0.0
        """When the messenger closes the connection by itself."""

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account."""
        return self._accounts.ban

    @property
    def connected(self) -> bool:
        """The connection is open."""
        return self._account is not None and self._account.connected

    @property
    def working_for(self) -> tuple[AdbotId, Posting] | None:
        """The adbot that the seat works for and its sender, if the connection is open."""
        if not self.connected or self._adbot is None or self._posting is None:
            return None
        return self._adbot, self._posting

    async def open(self, application: ApplicationId, adbot: AdbotId) -> Posting:
        """Return the sender for an adbot over an open connection.

        Raises `MessengerError`, `LeaseLost`, `NoCredentials`.
        """
        account = await self._account_of(application)
        if self._posting is None or self._adbot != adbot:
            self._posting, self._adbot = await self._start_for(adbot, account), adbot
        await self._connect(account)
        return self._posting

    async def identify(self, application: ApplicationId | None, *, anew: bool = False) -> None:
        """Ask for the session's own user, over an open connection if there is one and not `anew`.

        Raises `MessengerError`, `LeaseLost`, `NoCredentials`.
        """
        if anew:
            await self.close()
        account = self._account if self.connected else None
        account = account or await self._account_of(application)
        await self._connect(account)
        await account.identity()

    async def _account_of(self, application: ApplicationId | None) -> Account:
        if self._account is None or self._application != application:
            await self.close()
            self._account = await self._accounts.open(self.held.lease.session, application)
            self._application, self._posting = application, None
        return self._account

    async def _connect(self, account: Account) -> None:
        if not account.connected:
            self.held.check()
            await account.connect()
            self.keep()

    async def _start_for(self, adbot: AdbotId, account: Account) -> Posting:
        """Return a sender for an adbot, without the peers that the session resolved for another adbot."""
        session = self.held.lease.session
        await self._engine.query(lambda sql: forget_peers(sql, session, but=adbot))
        return Posting(account, PeerBook(self._engine, session, adbot, account, self._methods))

    def keep(self) -> None:
        """Make the messenger close the connection when the lease ends, even if this process is frozen.

        While the seat has no work this changes nothing: its connection ends with its last time limit.
        """
        seconds = int(self.held.remaining)
        if self._account is not None and seconds >= 1 and not self.idling:
            self._account.keep_for(seconds)
            self._ends_at = now() + seconds

    async def idle(self, wake: asyncio.Event, seconds: float) -> bool:
        """Wait for work; return whether there is some before these seconds have passed.

        An idle connection is closed instead of being kept beyond its time: to keep thousands would cost more
        than to open one when it is needed.
        """
        self.idling = True
        try:
            kept = min(seconds, max(0.0, self._ends_at - now() - MARGIN_SECONDS))
            if await happened(wake, kept):
                return True
            await self.close()
            return await happened(wake, seconds - kept)
        finally:
            self.idling = False
            if self.connected:
                self.keep()

    async def close(self) -> None:
        """Disconnect; may be repeated."""
        if self._account is not None:
            await self._account.close()
