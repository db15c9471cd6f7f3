"""Processes are killed during the whole path; each group still receives each post once."""

import os
import signal

import pytest

from adrelay.demo import steps
from adrelay.demo.evidence import read_back
from adrelay.demo.rest import until
from adrelay.demo.system import LocalSystem
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.scenarios import ordered, problems, running
from tests.support.system import kill

pytestmark = pytest.mark.timeout(360)


async def test_a_worker_killed_in_mid_cycle_costs_no_message_and_repeats_none(
    local_system: LocalSystem,
) -> None:
    async with running(local_system) as started:
        before = {name: local_system.pid(name) for name in ("worker-1", "worker-2")}
        for number in range(2):
            # in the middle of each of the first two cycles, whichever worker leases the sessions
            await started.deliveries(number * len(started.sample.groups) + 2)
            await kill(local_system, *before)
        evidence = await started.cycles(3)
    assert all(local_system.pid(name) != pid for name, pid in before.items())
    assert len(evidence[0].cycles) == 3
    assert problems(evidence) == []
    assert await local_system.telegram.held_twice() == []


async def test_one_of_two_workers_killed_hands_its_sessions_to_the_other(local_system: LocalSystem) -> None:
    async with running(local_system) as started:
        await started.deliveries(2)
        os.kill(local_system.pid("worker-1"), signal.SIGKILL)
        evidence = await started.cycles(2)
    assert len(evidence[0].cycles) == 2
    assert problems(evidence) == []
    assert await local_system.telegram.held_twice() == []


async def test_every_cycle_finishes_though_nats_is_killed_twice(local_system: LocalSystem) -> None:
    sample, purchase = await ordered(local_system)
    os.kill(local_system.pid("nats"), signal.SIGKILL)
    await steps.pay(local_system, purchase)
    client = await steps.sign_in(local_system, purchase)
    await steps.advertise(client, sample)
    await steps.start(client)
    await until(client.log, lambda log: len(log) >= 2, within_seconds=DEADLINE_SECONDS, every_seconds=0.05)
    os.kill(local_system.pid("nats"), signal.SIGKILL)
    await until(client.log, lambda log: len(log) >= 2 * len(sample.groups), within_seconds=DEADLINE_SECONDS)
    await steps.stop(client)
    log = await client.log()
    evidence = await read_back(local_system.telegram, sample, log, steps.cycles_in(log))
    await client.rest.close()
    assert problems(evidence) == []
