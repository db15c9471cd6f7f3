"""Opens accounts, and issues access codes, which only the mailbox's owner may get."""

from dataclasses import dataclass

from libs.events.gateway import Role
from libs.events.results import Written
from libs.events.values import AccountId, EmailAddress
from libs.eventsourcing import Causes, Engine, UnitOfWork
from services.gateway.account.codes import AccessCodes
from services.gateway.account.commands import IssueFirstCode, Register, ResetCode
from services.gateway.account.domain import ACCOUNT
from services.gateway.account.tables import account_by_email, account_by_id


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
        known = await self._engine.query(lambda sql: account_by_email(sql, email))
        return known or self._codes.account(email)

    async def reset_code(self, email: EmailAddress, causes: Causes) -> NewCode:
        """Issue a new access code; the old one stops working. Raise `Refused` for an `unknown_account`."""
        account, code = await self.of(email), self._codes.another()

        async def reset(unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, account, ResetCode(account, self._codes.digest(code), unit.at))

        done = await self._engine.run(reset, causes)
        if done.written is None:
            return NewCode(code, ())
        at = Written(service=self._engine.service, xid=done.written.xid, position=done.written.position)
        return NewCode(code, (at,))


async def open_account(unit: UnitOfWork, codes: AccessCodes, account: AccountId, email: EmailAddress) -> None:
    """Register the account if it does not exist. It has no access code until one is issued."""
    if await account_by_id(unit.unflushed, account) is None:
        register = Register(
            account=account, email=email, role=Role.CLIENT, licence=codes.licence(), at=unit.at
        )
        await unit.execute(ACCOUNT, account, register)


async def has_code(unit: UnitOfWork, account: AccountId) -> bool:
    """Return whether an access code was ever issued to an account."""
    opened = await unit.load(ACCOUNT, account)
    return opened is not None and opened.code_digest is not None


async def issue_first_code(unit: UnitOfWork, codes: AccessCodes, account: AccountId) -> None:
    """Issue the account's first access code, unless a code was issued before.

    Call it in the unit of work that decides to send the code to the account's mailbox.
    """
    digest = codes.digest(codes.first(account))
    await unit.execute(ACCOUNT, account, IssueFirstCode(account, digest))
