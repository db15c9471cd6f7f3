"""Scenarios of the end-to-end tests: a client with a running adbot, and the evidence in the groups."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from adrelay.commands.events.reading.correlated_tree import correlation_of, trace
from adrelay.demo import steps
from adrelay.demo.evidence import GroupEvidence, read_back
from adrelay.demo.rest import Json, until
from adrelay.demo.sample import Sample, create_sample
from adrelay.demo.system import LocalSystem
from libs.eventsourcing.operations import Node

CYCLE_SECONDS = 60.0
API_IDS = count(200_001)
"""Ids of Telegram applications: each is uploaded once to the system that tests share."""


@dataclass
class Running:
    """A client whose adbot is running."""

    system: LocalSystem
    sample: Sample
    purchase: steps.Purchase
    client: steps.Client

    async def deliveries(self, at_least: int) -> list[Json]:
        """Return the client's log once it has this many deliveries."""
        cycles = at_least / len(self.sample.groups) + 1
        return await until(
            self.client.log,
            lambda log: len(log) >= at_least,
            within_seconds=CYCLE_SECONDS * cycles,
            every_seconds=0.05,
        )

    async def cycles(self, count: int) -> list[GroupEvidence]:
        """Wait for this many cycles, stop the adbot, and return the evidence in the groups."""
        await self.deliveries(count * len(self.sample.groups))
        await steps.stop(self.client)
        log = await self.client.log()
        return await read_back(self.system.telegram, self.sample, log, steps.cycles_in(log))

    async def trace(self) -> list[Node]:
        """Return the correlated tree of the order."""
        correlation = await correlation_of(self.system.databases["billing"], f"order-{self.purchase.order}")
        assert correlation is not None
        return await trace(self.system.databases, correlation)


async def stocked(system: LocalSystem, *, album: bool = False) -> tuple[Sample, str]:
    """Upload sessions for this test; return a new client's e-mail address too."""
    tag = f"_{uuid4().hex[:8]}"
    sample = await create_sample(system.telegram, album=album, tag=tag)
    await steps.stock_sessions(system, sample.accounts, api_id=next(API_IDS))
    return sample, f"client{tag}@example.com"


async def ordered(system: LocalSystem, *, album: bool = False) -> tuple[Sample, steps.Purchase]:
    """Upload sessions for this test, and place a new client's order."""
    sample, email = await stocked(system, album=album)
    return sample, await steps.check_out(system, email=email)


@asynccontextmanager
async def running(system: LocalSystem, *, album: bool = False) -> AsyncGenerator[Running]:
    """Run the whole path up to the started adbot; stop the adbot afterwards."""
    sample, purchase = await ordered(system, album=album)
    await steps.pay(system, purchase)
    client = await steps.sign_in(system, purchase)
    await steps.advertise(client, sample)
    await steps.start(client)
    try:
        yield Running(system, sample, purchase, client)
    finally:
        await steps.stop(client)
        await client.rest.close()


def problems(evidence: list[GroupEvidence]) -> list[str]:
    """Return the problems of all groups."""
    return [f"{one.group}: {one.problem}" for one in evidence if one.problem]


def events(roots: list[Node]) -> list[Node]:
    """Return all events of a correlated tree."""
    return [found for root in roots for found in (root, *events(root.led_to))]
