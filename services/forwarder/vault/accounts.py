"""Creates accounts from the sessions in the vault."""

from typing import Protocol

from libs.events.values import ApplicationId, ErrorName, SessionId
from libs.eventsourcing import Engine
from services.forwarder.ports import Account, Messenger, NoCredentials
from services.forwarder.vault.sessions import SessionKey
from services.forwarder.vault.store import Credentials, Vault


class Telegram(Messenger[Credentials], Protocol):
    """The messenger whose credentials the vault stores."""

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account."""
        ...

    def knows(self, session: SessionKey) -> bool:
        """Return whether the session's data centre exists."""
        ...


class VaultAccounts:
    """Accounts with the vault's credentials; see `ports.Accounts`."""

    def __init__(self, engine: Engine, vault: Vault, telegram: Telegram) -> None:
        self._engine = engine
        self._vault = vault
        self._telegram = telegram

    @property
    def ban(self) -> ErrorName:
        """The error with which a group bans an account."""
        return self._telegram.ban

    async def open(self, session: SessionId, application: ApplicationId | None) -> Account:
        """Return a session's account, not yet connected; raise `NoCredentials`."""
        key = await self._engine.query(lambda sql: self._vault.session(sql, session))
        api = await self._engine.query(lambda sql: self._vault.application(sql, application))
        if key is None or api is None:
            named = application or "for checks"
            missing = f"the session {session}" if key is None else f"the Telegram application {named}"
            message = f"the vault does not hold {missing}"
            raise NoCredentials(message)
        return await self._telegram.account(Credentials(key, api))
