"""Decisions on devices."""

from uuid import uuid4

import pytest

from libs.events.gateway import DeviceId, DeviceSignedIn, DeviceSignedOut, SignOutReason
from libs.events.values import AccountId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.device.commands import SignIn, SignOut
from services.gateway.device.domain import DEVICE

device = scenarios(DEVICE)

PHONE, ANNA, BERT = DeviceId(uuid4()), AccountId(uuid4()), AccountId(uuid4())
SIGNED_IN = DeviceSignedIn(device=PHONE, account=ANNA, epoch=2)
SIGNED_OUT = DeviceSignedOut(device=PHONE, account=ANNA, why=SignOutReason.BY_OWNER)


def test_a_device_signs_in_once_and_out_once() -> None:
    device.when(SignIn(PHONE, ANNA, 2)).then(SIGNED_IN)
    device.given(SIGNED_IN).when(SignIn(PHONE, ANNA, 2)).refused("device_exists")
    device.given(SIGNED_IN).when(SignOut(PHONE, ANNA, SignOutReason.BY_OWNER)).then(SIGNED_OUT)
    device.given(SIGNED_IN, SIGNED_OUT).when(SignOut(PHONE, ANNA, SignOutReason.ENDED)).then()


def test_a_device_of_another_account_is_unknown() -> None:
    device.when(SignOut(PHONE, ANNA, SignOutReason.BY_OWNER)).refused("unknown_device")
    device.given(SIGNED_IN).when(SignOut(PHONE, BERT, SignOutReason.BY_OWNER)).refused("unknown_device")


@pytest.mark.parametrize(
    "history", [[SIGNED_OUT], [SIGNED_IN, SIGNED_IN], [SIGNED_IN, SIGNED_OUT, SIGNED_OUT]]
)
def test_an_impossible_history_is_an_error(history: list[DeviceSignedIn | DeviceSignedOut]) -> None:
    with pytest.raises(ImpossibleEvent):
        device.given(*history).state()
