"""All services in one process: the whole path, a kill in the middle of it, health, logs and a stop."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio

from adrelay.demo import steps
from adrelay.runtime.ports import is_free
from adrelay.runtime.states import State
from adrelay.system import ALL_SERVICES, SERVICES
from tests.deadlines import DEADLINE_SECONDS
from tests.e2e.scenarios import Running, events, ordered, problems, stocked
from tests.integration.runtime.programs import until
from tests.support import waiting
from tests.support.forked import fork
from tests.support.system import UNHURRIED, ForkedSystem, kill

pytestmark = pytest.mark.timeout(360)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def together(servers_folder: Path) -> AsyncIterator[ForkedSystem]:
    """Yield all of Adrelay, with its services in one process."""
    folder = servers_folder / "together"
    settings = UNHURRIED | {"ADRELAY_BILLING_PROVIDER_TIMEOUT_SECONDS": "12"}  # the longest
    async with ForkedSystem(folder, together=True, settings=settings, python=await fork()) as system:
        yield system


async def test_all_services_killed_after_a_payment_and_in_mid_cycle_do_everything_once(
    together: ForkedSystem,
) -> None:
    sample, purchase = await ordered(together)
    await steps.pay(together, purchase, repeat=3, shuffled=True)
    await kill(together, ALL_SERVICES)
    client = await steps.sign_in(together, purchase)
    await steps.advertise(client, sample)
    await steps.start(client)
    started = Running(together, sample, purchase, client)
    await started.deliveries(2)
    await kill(together, ALL_SERVICES)
    evidence = await started.cycles(2)
    await client.rest.close()
    assert len(evidence[0].cycles) == 2
    assert problems(evidence) == []
    assert await together.telegram.held_twice() == []
    types = [node.event.type for node in events(await started.trace())]
    once = ("PaymentFinished", "AdbotProvisioned", "OrderFulfilled")
    assert [types.count(name) for name in once] == [1, 1, 1]


async def test_each_service_has_its_own_health_page_and_log_lines(together: ForkedSystem) -> None:
    (process,) = together.processes
    async with httpx.AsyncClient() as http:
        pages = {name: (await http.get(f"{process.url_of(name)}/health/ready")).json() for name in SERVICES}
        metrics = (await http.get(f"{process.url_of('billing')}/metrics")).text
    assert [page["problems"] for page in pages.values()] == [{}] * len(SERVICES)
    assert len({page["pid"] for page in pages.values()}) == 1
    for name in SERVICES:
        assert f'adrelay_relay_events_waiting{{service="{name}"}}' in metrics
    lines = (together.folder / "logs" / f"{ALL_SERVICES}.log").read_text().splitlines()
    started = [line["service"] for line in map(json.loads, lines) if line["event"] == "service.started"]
    assert set(started) == set(SERVICES)


async def placed(system: ForkedSystem) -> int:
    """Return how many orders billing has stored."""
    connection = await asyncpg.connect(system.databases["billing"])
    count: int = await connection.fetchval("select count(*) from engine.events where type = 'OrderPlaced'")
    await connection.close()
    return count


async def test_a_stop_answers_the_request_in_progress_and_kills_nothing(together: ForkedSystem) -> None:
    await stocked(together)
    _, email = await stocked(together)
    before = await placed(together)
    (process,) = together.processes
    await together.payments.be_slow(DEADLINE_SECONDS, method="POST", path="/v1/payment")  # until it is healed
    asking = asyncio.create_task(steps.check_out(together, email=email))
    await waiting.until(lambda: placed(together), lambda orders: orders > before)
    stopping = asyncio.create_task(together.supervisor.stop())
    await until(lambda: is_free(process.ports["gateway"]))  # it stops, and takes no further requests
    assert not asking.done()
    await together.payments.heal()
    assert (await asking).address
    await stopping
    ends = [(status.state, status.detail) for status in together.supervisor.statuses()]
    assert set(ends) <= {(State.STOPPED, ""), (State.STOPPED, "killed by SIGKILL")}, "the earlier kill's"
