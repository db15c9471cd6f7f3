"""The events of accounts, with their keys and devices."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, NewType
from uuid import UUID

from pydantic import Field, StringConstraints

from libs.events.gateway.owner import GatewayEvent
from libs.events.values import AccountId, EmailAddress
from libs.eventsourcing.model.event import Upcast

CodeDigest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A keyed hash of an access code; the code itself is shown once and not stored."""
ApiKeyId = NewType("ApiKeyId", UUID)
DeviceId = NewType("DeviceId", UUID)
KeyName = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True)]


class Role(StrEnum):
    """The role of an account, which determines its permissions."""

    CLIENT = "CLIENT"
    RESELLER = "RESELLER"
    ADMIN = "ADMIN"


class Scope(StrEnum):
    """What a credential is good for. Each route of the API names one; each of them includes `read`."""

    READ = "read"
    """See what the account owns."""
    CONTROL = "control"
    """Change adbots, lists and notifications."""
    BILLING = "billing"
    """Renew and cancel: whatever has to do with money."""
    ADMIN = "admin"
    """Everything that an operator may do."""


class SignOutReason(StrEnum):
    """Why a device is signed out."""

    BY_OWNER = "by_owner"
    REUSED = "reused"
    """A refresh token was used twice, so somebody else may have it."""
    TOO_MANY = "too_many"
    """The account signed in on more devices than it may have; the oldest one is signed out."""
    ENDED = "ended"
    """It was not used for too long, or all devices of the account were signed out."""


# -- events: stream account-<id>


class AccountRegistered(GatewayEvent):
    """An account was created. Appended once per e-mail address.

    Since schema 2 an access code is issued separately, by `AccessCodeReset`: before that nobody can sign in.
    In schema 1 the first checkout issued one. Since schema 3 it has no e-mail address: the gateway keeps
    that outside of events.
    """

    schema_version: ClassVar[int] = 3
    upcasts: ClassVar[Mapping[int, Upcast]] = {1: dict, 2: dict}

    account: AccountId
    email: EmailAddress | None = None
    """The owner's address, before schema 3 only, unless it was stripped."""
    role: Role
    code_digest: CodeDigest | None = None
    """The digest of the code that the first checkout issued, in schema 1 only."""
    licence: Annotated[str, StringConstraints(pattern=r"^LIC-[0-9A-Z-]{8,40}$")]


class AccessCodeReset(GatewayEvent):
    """An account has a new access code, which replaces the old one, if any.

    Appended before the mail with the owner's first code, and each time the operator issues a code.
    """

    account: AccountId
    code_digest: CodeDigest


class AccountSuspended(GatewayEvent):
    """Nobody can use the account, and its adbots are suspended, until `AccountRestored`."""

    account: AccountId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class AccountRestored(GatewayEvent):
    """The account can be used again. Its adbots may be started, which nobody does for the owner."""

    account: AccountId


class SignedOutEverywhere(GatewayEvent):
    """All devices of the account are signed out: their tokens are refused from now on."""

    account: AccountId


class RoleChanged(GatewayEvent):
    """The account has another role; its devices are signed out."""

    account: AccountId
    role: Role


class SecondFactorEnabled(GatewayEvent):
    """From now on signing in takes a one-time code too. Its secret is not in the event."""

    account: AccountId


class SecondFactorRemoved(GatewayEvent):
    """An operator removed the second factor; its devices are signed out."""

    account: AccountId


class ApiKeyIssued(GatewayEvent):
    """An account has an API key, which is shown once and stored as a keyed hash."""

    account: AccountId
    key: ApiKeyId
    name: KeyName
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1)]
    digest: CodeDigest
    expires_at: datetime | None


class ApiKeyRevoked(GatewayEvent):
    """An API key is refused from now on. Appended once per key."""

    account: AccountId
    key: ApiKeyId


class AccountErased(GatewayEvent):
    """The account is erased for ever: its address, credentials, devices and webhooks are deleted.

    Appended once, and the last event of the account. Its orders and adbots remain, under its id. A later
    order with the same e-mail address opens another account.
    """

    account: AccountId


# -- events: stream device-<id>


class DeviceSignedIn(GatewayEvent):
    """Somebody signed in to the account. The first event of each device.

    `epoch` is the account's: the device is signed out when it has another one.
    """

    device: DeviceId
    account: AccountId
    epoch: Annotated[int, Field(ge=0)]


class DeviceSignedOut(GatewayEvent):
    """The device's tokens are refused from now on. Appended at most once."""

    device: DeviceId
    account: AccountId
    why: SignOutReason
