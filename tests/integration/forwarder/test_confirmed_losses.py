"""A session is given up only if it is lost for certain, or a new connection says so too."""

import pytest

from libs.events.forwarder import SessionDied
from libs.events.values import ResultClass
from sandbox.telegram.models import JournalQuery
from sandbox.telegram.specs import FaultSpec
from tests.integration.forwarder.harness import ForwarderHarness

IDENTITY = "users.getUsers"


def confirmations(harness: ForwarderHarness) -> int:
    """Count the connections on which a session asked for its user."""
    return len({entry.connection for entry in harness.telegram.journal(JournalQuery(method=IDENTITY))})


@pytest.mark.parametrize(("error", "code"), [("AUTH_KEY_UNREGISTERED", 401), ("KEY_OF_TOMORROW", 401)])
async def test_an_answer_that_comes_once_costs_no_session_and_no_group(
    harness: ForwarderHarness, error: str, code: int
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(4, seats)
    harness.fail(error, code=code, times=1)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert not await harness.events_of(SessionDied)
    assert harness.copies(groups) == {1: 4}
    assert confirmations(harness) == 1
    assert len({entry.connection for entry in harness.sent()}) == 2, "the connection was a new one"
    assert not harness.telegram.held_twice()


async def test_a_loss_that_a_new_connection_confirms_has_the_second_answers_name(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.fail("AUTH_KEY_UNREGISTERED", seats[0], times=1)
    harness.fail("USER_DEACTIVATED_BAN", seats[0], method=IDENTITY)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    (died,) = await harness.events_of(SessionDied)
    assert (died.session, died.error) == (seats[0].session, "USER_DEACTIVATED_BAN")
    assert harness.copies(groups) == {1: 4}, "the refused send was not doubtful, so the other seat made it"


async def test_what_is_certain_is_not_asked_again(harness: ForwarderHarness) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    harness.fail("SESSION_REVOKED", seats[0], times=1, code=401)
    async with harness.working():
        assert await harness.finished(await harness.begin(seats, groups)) == {ResultClass.SENT: 4}
    assert len(await harness.events_of(SessionDied)) == 1
    assert not confirmations(harness)


async def test_an_answer_that_comes_again_and_again_is_asked_about_three_times_in_a_cycle(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(1)
    groups = harness.groups(3, seats)
    harness.fail("AUTH_KEY_UNREGISTERED")
    async with harness.working():
        counts = await harness.finished(await harness.begin(seats, groups))
    assert counts == {ResultClass.UNKNOWN: 3}
    assert (confirmations(harness), len(harness.sent())) == (3, 3 + 3)
    assert not await harness.events_of(SessionDied)


async def test_a_key_that_was_used_elsewhere_is_found_when_a_connection_is_made_again(
    harness: ForwarderHarness,
) -> None:
    seats = await harness.seats(2)
    groups = harness.groups(4, seats)
    duplicated = FaultSpec(
        method="help.getConfig", account=harness.account(seats[0]), name="AUTH_KEY_DUPLICATED", code=406
    )
    harness.fail("RPC_CALL_FAIL", seats[0], times=1)
    async with harness.working():
        await harness.finished(await harness.begin(seats, groups[:2]))
        harness.telegram.inject_fault(duplicated)
        harness.telegram.drop_connections()
        assert await harness.finished(await harness.begin(seats, groups[2:])) == {ResultClass.SENT: 2}
    (died,) = await harness.events_of(SessionDied)
    assert (died.session, died.error) == (seats[0].session, "AUTH_KEY_DUPLICATED")
    assert not confirmations(harness)
