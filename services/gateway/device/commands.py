"""The commands of a device."""

from dataclasses import dataclass

from libs.events.gateway import DeviceId, SignOutReason
from libs.events.values import AccountId


@dataclass(frozen=True)
class SignIn:
    """Sign the device in to an account, in the account's present epoch."""

    device: DeviceId
    account: AccountId
    epoch: int


@dataclass(frozen=True)
class SignOut:
    """Sign the device out."""

    device: DeviceId
    account: AccountId
    why: SignOutReason


Command = SignIn | SignOut
