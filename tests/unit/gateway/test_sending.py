"""Commands are retried while the scheduler's read model lags."""

from http import HTTPStatus
from uuid import uuid4

import pytest

from libs.events.commands.scheduler import StartAdbot
from libs.events.results import Accepted, NotYetKnown
from libs.events.values import AdbotId
from libs.eventsourcing import Causes, Command, Refused
from services.gateway.api.adbots.sending import send_once_known
from services.gateway.api.requests.problems import Denied

START = StartAdbot(adbot=AdbotId(uuid4()), account=None)
CAUSES = Causes.first("account:7")


class Owner:
    """Refuses the first commands, this many."""

    def __init__(self, refusal: Refused, times: int) -> None:
        self.asked = 0
        self._refusal = refusal
        self._times = times

    async def send(self, _: Command, causes: Causes) -> Accepted:
        assert causes == CAUSES
        self.asked += 1
        if self.asked <= self._times:
            raise self._refusal
        return Accepted()


async def shown() -> None:
    """Find the adbot."""


async def not_shown() -> None:
    """Find no such adbot."""
    raise Denied(HTTPStatus.NOT_FOUND, "unknown_adbot")


async def test_a_command_is_retried_while_the_scheduler_does_not_know_the_adbot() -> None:
    owner = Owner(NotYetKnown("unknown_adbot"), 2)
    assert await send_once_known(owner.send, START, CAUSES, 5, shown) == Accepted()
    assert owner.asked == 3


async def test_a_command_for_an_adbot_that_stays_unknown_is_answered_as_retryable() -> None:
    owner = Owner(NotYetKnown("unknown_adbot"), 1000)
    with pytest.raises(Denied) as denied:
        await send_once_known(owner.send, START, CAUSES, 0.15, shown)
    assert denied.value.status == 503


@pytest.mark.parametrize("code", ["no_post", "unknown_adbot"])
async def test_any_other_refusal_is_passed_to_the_client_unchanged(code: str) -> None:
    owner = Owner(Refused(code), 1)
    with pytest.raises(Refused, match=code):
        await send_once_known(owner.send, START, CAUSES, 5, shown)
    assert owner.asked == 1


async def test_a_command_for_another_clients_adbot_is_not_retried() -> None:
    owner = Owner(NotYetKnown("unknown_adbot"), 1000)
    with pytest.raises(Denied, match="unknown_adbot"):
        await send_once_known(owner.send, START, CAUSES, 5, not_shown)
    assert owner.asked == 1
