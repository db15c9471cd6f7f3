"""Opens accounts, and issues access codes, which only the mailbox's owner may get."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from libs.events.gateway import ApiKeyId, CodeDigest, Role, Scope
from libs.events.results import Written
from libs.events.values import AccountId, EmailAddress
from libs.eventsourcing import Causes, Engine, Sql, UnitOfWork
from services.gateway.account.codes import AccessCodes
from services.gateway.account.commands import (
    ChangeRole,
    Command,
    IssueFirstCode,
    IssueKey,
    Register,
    ResetCode,
    RevokeKey,
    SignOutEverywhere,
)
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.tables import account_by_email, account_by_id, erased_at
from services.gateway.personal.addresses import name_address, named_account


@dataclass(frozen=True)
class NewCode:
    """A new access code, and the cursor of the event that issued it."""

    access_code: str
    written: tuple[Written, ...]


class Accounts:
    """The account aggregate, as the routes use it."""

    def __init__(self, engine: Engine, codes: AccessCodes) -> None:
        self._engine = engine
        self._codes = codes

    async def of(self, email: EmailAddress) -> AccountId:
        """Return the id of an e-mail address's account, also of one that is not registered yet."""

        async def find(sql: Sql) -> AccountId:
            known = await account_by_email(sql, email) or await named_account(sql, email)
            return known or await self._derived(sql, email)

        return await self._engine.query(find)

    async def _derived(self, sql: Sql, email: EmailAddress) -> AccountId:
        """Return the first id derived from a mailbox that no erased account has."""
        erased = 0
        while await erased_at(sql, account := self._codes.account(email, erased)) is not None:
            erased += 1
        return account

    async def name_address(self, account: AccountId, email: EmailAddress) -> None:
        """Store the address of an account that an order is about to open; one that it has stays."""
        await self._engine.query(lambda sql: name_address(sql, account, email))

    async def reset_code(self, account: AccountId, causes: Causes) -> NewCode:
        """Issue a new access code; the old one stops working. Raise `Refused` for an `unknown_account`."""
        code = self._codes.another()

        async def reset(unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, account, ResetCode(account, self._codes.digest(code), unit.at))

        return NewCode(code, await self._run(reset, causes))

    async def create(self, email: EmailAddress, role: Role | None, causes: Causes) -> AccountId:
        """Open an account without an access code, by default a client's; one that exists gets the role."""
        account = await self.of(email)

        async def work(unit: UnitOfWork) -> None:
            await name_address(unit.flushed, account, email)
            if await account_by_id(unit.flushed, account) is None:
                register = Register(account, role or Role.CLIENT, self._codes.licence(), unit.at)
                await unit.execute(ACCOUNT, account, register)
            elif role is not None:
                await unit.execute(ACCOUNT, account, ChangeRole(account, role))

        await self._run(work, causes)
        return account

    async def act(self, account: AccountId, command: Command, causes: Causes) -> tuple[Written, ...]:
        """Execute a command on an account; return the cursor of its events, if there are any."""

        async def work(unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, account, command)

        return await self._run(work, causes)

    async def sign_out_everywhere(self, account: AccountId, causes: Causes) -> None:
        """Sign all devices of an account out."""
        await self.act(account, SignOutEverywhere(account), causes)

    async def issue_key(
        self,
        account: AccountId,
        key: ApiKeyId,
        *,
        name: str,
        scopes: tuple[Scope, ...],
        digest: CodeDigest,
        expires_at: datetime | None,
        causes: Causes,
    ) -> None:
        """Issue an API key; raise `Refused` with what forbids it."""

        async def work(unit: UnitOfWork) -> None:
            command = IssueKey(account, key, name, scopes, digest, expires_at, unit.at)
            await unit.execute(ACCOUNT, account, command)

        await self._run(work, causes)

    async def revoke_key(self, account: AccountId, key: ApiKeyId, causes: Causes) -> None:
        """Revoke an API key; raise `Refused` for an `unknown_api_key`."""
        await self.act(account, RevokeKey(account, key), causes)

    async def _run(
        self, work: Callable[[UnitOfWork], Awaitable[None]], causes: Causes
    ) -> tuple[Written, ...]:
        done = await self._engine.run(work, causes)
        if done.written is None:
            return ()
        at = Written(service=self._engine.service, xid=done.written.xid, position=done.written.position)
        return (at,)


async def open_account(
    unit: UnitOfWork, codes: AccessCodes, account: AccountId, email: EmailAddress | None = None
) -> None:
    """Register the account if it does not exist. It has no access code until one is issued.

    Its address is that of the checkout, or else the one that the order's event has, of an earlier version.
    """
    if await account_by_id(unit.unflushed, account) is None:
        register = Register(account=account, role=Role.CLIENT, licence=codes.licence(), at=unit.at)
        if await unit.execute(ACCOUNT, account, register):
            await name_address(unit.flushed, account, email)


async def has_code(unit: UnitOfWork, account: AccountId) -> bool:
    """Return whether an access code was ever issued to an account."""
    opened = await unit.load(ACCOUNT, account)
    return opened is not None and opened.code_digest is not None


async def issue_first_code(unit: UnitOfWork, codes: AccessCodes, account: AccountId) -> None:
    """Issue the account's first access code, unless a code was issued before.

    Call it in the unit of work that decides to send the code to the account's mailbox.
    """
    code = codes.another()
    if await unit.execute(ACCOUNT, account, IssueFirstCode(account, codes.digest(code))):
        await codes.sealed.store(unit.flushed, account, code)
