"""An account as its events made it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from libs.events.gateway import (
    AccessCodeReset,
    AccountErased,
    AccountRegistered,
    AccountRestored,
    AccountSuspended,
    ApiKeyId,
    ApiKeyIssued,
    ApiKeyRevoked,
    CodeDigest,
    Role,
    RoleChanged,
    Scope,
    SecondFactorEnabled,
    SecondFactorRemoved,
    SignedOutEverywhere,
)
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent

AccountEvent = (
    AccountRegistered
    | AccessCodeReset
    | AccountSuspended
    | AccountRestored
    | SignedOutEverywhere
    | RoleChanged
    | SecondFactorEnabled
    | SecondFactorRemoved
    | ApiKeyIssued
    | ApiKeyRevoked
    | AccountErased
)
SIGNS_OUT = (
    AccessCodeReset,
    AccountSuspended,
    SignedOutEverywhere,
    RoleChanged,
    SecondFactorEnabled,
    SecondFactorRemoved,
)
"""The events that begin another epoch of the account: tokens of earlier ones are refused."""


@dataclass(frozen=True)
class Account:
    """A registered account. `keys` are its API keys until they are revoked, and when each expires."""

    account: AccountId
    role: Role
    code_digest: CodeDigest | None
    """None: no code was issued, so nobody can sign in."""
    licence: str
    epoch: int = 0
    suspended: bool = False
    erased: bool = False
    second_factor: bool = False
    keys: Mapping[ApiKeyId, datetime | None] = field(default_factory=dict[ApiKeyId, datetime | None])
    admin_keys: frozenset[ApiKeyId] = frozenset()
    """Those of them with the scope `admin`."""


def evolve(account: Account | None, event: AccountEvent) -> Account:
    """Return the account after an event."""
    if account is None:
        if isinstance(event, AccountRegistered):
            return Account(event.account, event.role, event.code_digest, event.licence)
        raise ImpossibleEvent(f"{type(event).__name__} can't follow nothing")
    if account.erased:
        raise ImpossibleEvent(f"{type(event).__name__} can't follow AccountErased")
    return _changed(replace(account, epoch=account.epoch + isinstance(event, SIGNS_OUT)), event)


def _changed(account: Account, event: AccountEvent) -> Account:  # noqa: PLR0911 - one for each event
    match event:
        case AccountRegistered():
            raise ImpossibleEvent("AccountRegistered can't follow an account")
        case AccessCodeReset():
            return replace(account, code_digest=event.code_digest)
        case AccountSuspended() | AccountRestored():
            return replace(account, suspended=isinstance(event, AccountSuspended))
        case SecondFactorEnabled() | SecondFactorRemoved():
            return replace(account, second_factor=isinstance(event, SecondFactorEnabled))
        case RoleChanged():
            return replace(account, role=event.role)
        case SignedOutEverywhere():
            return account
        case ApiKeyIssued() | ApiKeyRevoked():
            return replace(
                account,
                keys=_keys_after(account.keys, event),
                admin_keys=account.admin_keys - {event.key} | _admin_key(event),
            )
        case AccountErased():
            return replace(account, erased=True)
        case _:
            assert_never(event)


def _admin_key(event: ApiKeyIssued | ApiKeyRevoked) -> set[ApiKeyId]:
    return {event.key} if isinstance(event, ApiKeyIssued) and Scope.ADMIN in event.scopes else set()


def _keys_after(
    keys: Mapping[ApiKeyId, datetime | None], event: ApiKeyIssued | ApiKeyRevoked
) -> dict[ApiKeyId, datetime | None]:
    others = {key: end for key, end in keys.items() if key != event.key}
    return others | ({event.key: event.expires_at} if isinstance(event, ApiKeyIssued) else {})
