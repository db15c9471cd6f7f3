"""The account aggregate: one for each mailbox. It has no address, and of its secrets only keyed hashes."""

from collections.abc import Sequence
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
    Role,
    RoleChanged,
    Scope,
    SecondFactorEnabled,
    SecondFactorRemoved,
    SignedOutEverywhere,
)
from libs.eventsourcing import Decider, Refused
from services.gateway.account.commands import (
    ChangeRole,
    Command,
    EnableSecondFactor,
    Erase,
    IssueFirstCode,
    IssueKey,
    Register,
    RemoveSecondFactor,
    ResetCode,
    Restore,
    RevokeKey,
    SignOutEverywhere,
    Suspend,
)
from services.gateway.account.state import Account, AccountEvent, evolve

MOST_KEYS = 20
"""How many API keys of an account may be in use at a time, and are listed."""


def decide(command: Command, account: Account | None) -> Sequence[AccountEvent]:
    """Return the events of ``command``; none if the account is in the wanted state already."""
    if isinstance(command, Register):
        return _register(command, account)
    if account is None:
        raise Refused("unknown_account", "there is no such account")
    if account.erased:
        return _after_the_end(command)
    match command:
        case IssueFirstCode() | ResetCode():
            return _code(command, account)
        case IssueKey() | RevokeKey():
            return _key(command, account)
        case Erase():
            return _erase(command, account)
        case _:
            return _access(command, account)


def _code(command: IssueFirstCode | ResetCode, account: Account) -> Sequence[AccountEvent]:
    first = isinstance(command, IssueFirstCode)
    if account.code_digest is not None and (first or account.code_digest == command.code_digest):
        return []
    reset = AccessCodeReset(account=command.account, code_digest=command.code_digest)
    return [reset, *_revoked(account)]


def _erase(command: Erase, account: Account) -> Sequence[AccountEvent]:
    if account.role is Role.ADMIN:
        raise Refused("account_is_admin", "an admin's account can't be erased; give it another role first")
    return [*_revoked(account), AccountErased(account=command.account)]


def _after_the_end(command: Command) -> Sequence[AccountEvent]:
    """Return nothing for what repeats itself, or follows late orders of an erased account."""
    if isinstance(command, Erase | IssueFirstCode):
        return []
    raise Refused("account_erased", "this account was erased; its e-mail address opens another one")


def _revoked(account: Account) -> Sequence[AccountEvent]:
    return [ApiKeyRevoked(account=account.account, key=key) for key in account.keys]


def _register(command: Register, account: Account | None) -> Sequence[AccountEvent]:
    """Return the event that opens the account, if it does not exist yet; it has no access code."""
    if account is not None:
        return []
    return [AccountRegistered(account=command.account, role=command.role, licence=command.licence)]


def _access(
    command: Suspend | Restore | SignOutEverywhere | ChangeRole | EnableSecondFactor | RemoveSecondFactor,
    account: Account,
) -> Sequence[AccountEvent]:
    """Return the events of a change of who may use the account, and how.

    Keys of an admin end with the role or the second factor: else they would be good again later. Those that
    older versions left end when there is another one.
    """
    event: AccountEvent
    match command:
        case Suspend():
            event, due = (
                AccountSuspended(account=account.account, reason=command.reason),
                not account.suspended,
            )
        case Restore():
            event, due = AccountRestored(account=account.account), account.suspended
        case SignOutEverywhere():
            event, due = SignedOutEverywhere(account=account.account), True
        case ChangeRole():
            changed = RoleChanged(account=account.account, role=command.role)
            event, due = changed, command.role is not account.role
        case EnableSecondFactor():
            event, due = SecondFactorEnabled(account=account.account), not account.second_factor
        case RemoveSecondFactor():
            event, due = SecondFactorRemoved(account=account.account), account.second_factor
        case _:
            assert_never(command)
    ends_keys = isinstance(event, RoleChanged | SecondFactorEnabled | SecondFactorRemoved)
    keys = account.admin_keys if ends_keys else frozenset[ApiKeyId]()
    revoked = [ApiKeyRevoked(account=account.account, key=key) for key in sorted(keys)]
    return [event, *revoked] if due else []


def _key(command: IssueKey | RevokeKey, account: Account) -> Sequence[AccountEvent]:
    if isinstance(command, IssueKey):
        return _issue(command, account)
    if command.key not in account.keys:
        raise Refused("unknown_api_key", "you have no API key of this id that is in use")
    return [ApiKeyRevoked(account=command.account, key=command.key)]


def _issue(command: IssueKey, account: Account) -> Sequence[AccountEvent]:
    """Return the event that issues a key; one that was issued before gets this digest instead of its own."""
    if command.expires_at is not None and command.expires_at <= command.at:
        raise Refused("expires_in_the_past", "a key must expire later than now; leave the date out for never")
    if Scope.ADMIN in command.scopes and not (account.role is Role.ADMIN and account.second_factor):
        # else a key that was made with the access code alone would be an admin's once there is a factor
        detail = "only a key of an admin with a second factor may have the scope `admin`"
        raise Refused("scope_not_allowed", detail)
    others = {key: end for key, end in account.keys.items() if key != command.key}
    expired = [key for key, end in others.items() if end is not None and end <= command.at]
    if len(others) - len(expired) >= MOST_KEYS:
        raise Refused("too_many_api_keys", f"an account has at most {MOST_KEYS} API keys; revoke one")
    surplus = expired if len(others) >= MOST_KEYS else []
    return [
        *(ApiKeyRevoked(account=command.account, key=key) for key in surplus),
        ApiKeyIssued(
            account=command.account,
            key=command.key,
            name=command.name,
            scopes=command.scopes,
            digest=command.digest,
            expires_at=command.expires_at,
        ),
    ]


ACCOUNT: Decider[Command, Account, AccountEvent] = Decider("account", decide, evolve)
