"""The device aggregate: from a sign-in to a sign-out."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from libs.events.gateway import DeviceSignedIn, DeviceSignedOut
from libs.events.values import AccountId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.gateway.device.commands import Command, SignIn

DeviceEvent = DeviceSignedIn | DeviceSignedOut


@dataclass(frozen=True)
class Device:
    """A device that was signed in to an account."""

    account: AccountId
    signed_in: bool


def decide(command: Command, device: Device | None) -> Sequence[DeviceEvent]:
    """Return the events of a command."""
    if isinstance(command, SignIn):
        if device is not None:
            raise Refused("device_exists", "this device was signed in before")
        return [DeviceSignedIn(device=command.device, account=command.account, epoch=command.epoch)]
    if device is None or device.account != command.account:
        raise Refused("unknown_device", "you have no device of this id that is signed in")
    signed_out = DeviceSignedOut(device=command.device, account=command.account, why=command.why)
    return [signed_out] if device.signed_in else []


def evolve(device: Device | None, event: DeviceEvent) -> Device:
    """Return the device after an event."""
    match event:
        case DeviceSignedIn() if device is None:
            return Device(event.account, signed_in=True)
        case DeviceSignedOut() if device is not None and device.signed_in:
            return replace(device, signed_in=False)
        case DeviceSignedIn() | DeviceSignedOut():
            raise ImpossibleEvent(f"{type(event).__name__} can't follow {device}")
        case _:
            assert_never(event)


DEVICE: Decider[Command, Device, DeviceEvent] = Decider("device", decide, evolve)
