"""The account aggregate: one for each mailbox; of its access code, only a keyed hash is stored."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.gateway import AccessCodeReset, AccountRegistered, CodeDigest, Role
from libs.events.values import EmailAddress
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.gateway.account.commands import Command, IssueFirstCode, Register, ResetCode

AccountEvent = AccountRegistered | AccessCodeReset


@dataclass(frozen=True)
class Account:
    """A registered account."""

    email: EmailAddress
    role: Role
    code_digest: CodeDigest | None
    """None: no code was issued, so nobody can sign in."""
    licence: str


def decide(command: Command, account: Account | None) -> Sequence[AccountEvent]:
    """Return the events of ``command``; none if the account is in the wanted state already."""
    match command:
        case Register():
            return _register(command, account)
        case _ if account is None:
            raise Refused("unknown_account", "there is no such account")
        case IssueFirstCode() if account.code_digest is not None:
            return []
        case ResetCode() if account.code_digest == command.code_digest:
            return []
        case IssueFirstCode() | ResetCode():
            return [AccessCodeReset(account=command.account, code_digest=command.code_digest)]
        case _:
            assert_never(command)


def _register(command: Register, account: Account | None) -> Sequence[AccountEvent]:
    """Return the event that opens the account, if it does not exist yet; it has no access code."""
    if account is None:
        return [
            AccountRegistered(
                account=command.account,
                email=command.email,
                role=command.role,
                licence=command.licence,
            )
        ]
    if account.email != command.email:
        raise Refused("account_exists_differently", "this account has another e-mail address")
    return []


def evolve(account: Account | None, event: AccountEvent) -> Account:
    """Return the account after an event."""
    match event:
        case AccountRegistered() if account is None:
            return Account(event.email, event.role, event.code_digest, event.licence)
        case AccessCodeReset() if account is not None:
            return replace(account, code_digest=event.code_digest)
        case AccountRegistered() | AccessCodeReset():
            found = "an account" if account else "nothing"
            raise ImpossibleEvent(f"{type(event).__name__} can't follow {found}")
        case _:
            assert_never(event)


ACCOUNT: Decider[Command, Account, AccountEvent] = Decider("account", decide, evolve)
