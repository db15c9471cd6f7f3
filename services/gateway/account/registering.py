"""Opening an account, so that exactly one caller ever sees its code."""

from dataclasses import dataclass
from typing import Any

from libs.events.gateway import Role
from libs.events.results import Written
from libs.events.values import AccountId, EmailAddress
from libs.eventsourcing.engine import Done, Engine
from libs.eventsourcing.record import Causes
from libs.eventsourcing.unit import UnitOfWork
from services.gateway.account.codes import AccessCodes
from services.gateway.account.domain import ACCOUNT, Register, ResetCode
from services.gateway.account.tables import account_by_email


@dataclass(frozen=True)
class Registered:
    """What registering came to: the code only for whoever opened the account just now."""

    access_code: str | None
    written: tuple[Written, ...]


@dataclass(frozen=True)
class NewCode:
    """The access code that opens an account from now on."""

    access_code: str
    written: tuple[Written, ...]


class Accounts:
    """The gateway's own aggregate, as the routes use it."""

    def __init__(self, engine: Engine, codes: AccessCodes) -> None:
        self._engine = engine
        self._codes = codes

    async def of(self, email: EmailAddress) -> AccountId:
        """Return the account of an e-mail address, whether it has been opened or not."""
        known = await self._engine.query(lambda sql: account_by_email(sql, email))
        return known or self._codes.account(email)

    async def register(self, account: AccountId, email: EmailAddress, causes: Causes) -> Registered:
        """Open the account unless it is open."""
        done = await self._engine.run(lambda unit: open_account(unit, self._codes, account, email), causes)
        if not done.value:
            return Registered(None, ())
        return Registered(self._codes.first(account), self._written(done))

    async def reset_code(self, email: EmailAddress, causes: Causes) -> NewCode:
        """Let a new access code open an account, and the old one nothing. Refused: `unknown_account`."""
        account, code = await self.of(email), self._codes.another()

        async def reset(unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, account, ResetCode(account, self._codes.digest(code), unit.at))

        done = await self._engine.run(reset, causes)
        return NewCode(code, self._written(done))

    def _written(self, done: Done[Any]) -> tuple[Written, ...]:
        if done.written is None:
            return ()
        return (Written(service=self._engine.service, xid=done.written.xid, position=done.written.position),)


async def open_account(unit: UnitOfWork, codes: AccessCodes, account: AccountId, email: EmailAddress) -> bool:
    """Have an account opened by its first code, unless it is open; say if that was done now."""
    register = Register(
        account=account,
        email=email,
        role=Role.CLIENT,
        code_digest=codes.digest(codes.first(account)),
        licence=codes.licence(),
        at=unit.at,
    )
    return bool(await unit.execute(ACCOUNT, account, register))
