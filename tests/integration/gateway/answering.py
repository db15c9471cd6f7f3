"""Fake services that answer operators' questions about their stores, as real ones do."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from nats.aio.client import Client

from adrelay.registries import registry_of
from libs.chassis.broker import connect_nats, event_stream
from libs.chassis.operations import answer_operators
from libs.chassis.operations.rebuilds import Rebuilds
from libs.chassis.questions import Answering
from libs.events.forwarding import ForwardingFigures, ShowForwarding
from libs.events.questions import Question
from libs.eventsourcing.values import utc_now
from tests.integration.engine.waiting import running
from tests.integration.gateway.harness import GatewayHarness
from tests.support.signing import VERIFIER

IDLE = ForwardingFigures(
    at=utc_now(),
    pending_sends=0,
    running_cycles=0,
    oldest_cycle=None,
    sessions_with_work=0,
    sessions_without_worker=0,
    sessions_resting=0,
    paced_seconds=0.0,
    workers=(),
)
FAKES = ("billing", "provisioning", "forwarder")
"""The services that are fakes also where the scheduler runs itself."""


@asynccontextmanager
async def answering_operators(
    harness: GatewayHarness, *services: str, figures: ForwardingFigures = IDLE
) -> AsyncGenerator[None]:
    """Let fake services answer operators, with the aggregates of the real ones; the forwarder so."""

    async def forwarding(question: ShowForwarding) -> ForwardingFigures:
        del question
        return figures

    async with AsyncExitStack() as stack:
        nats = await stack.enter_async_context(_connected(harness))
        for service in services:
            engine = getattr(harness, service).engine
            questions = Answering(nats, service, VERIFIER, prefix=harness.prefix)
            rebuilds = Rebuilds(engine.tables, event_stream(nats, prefix=harness.prefix))
            answer_operators(questions, engine, registry_of(service), rebuilds)
            if service == "forwarder":
                questions.answer(ShowForwarding, forwarding)
            await stack.enter_async_context(running(rebuilds.run, questions.run))
        await _known(nats)
        yield


@asynccontextmanager
async def answering(
    harness: GatewayHarness, service: str, answers: Mapping[type[Question[Any]], Callable[[Any], Any]]
) -> AsyncGenerator[None]:
    """Let a fake service answer these questions so, and no others."""
    async with _connected(harness) as nats:
        questions = Answering(nats, service, VERIFIER, prefix=harness.prefix)
        for kind, answer in answers.items():
            questions.answer(kind, answer)
        async with running(questions.run):
            await _known(nats)
            yield


@asynccontextmanager
async def _connected(harness: GatewayHarness) -> AsyncGenerator[Client]:
    nats = await connect_nats(harness.nats.url, "answering")
    try:
        yield nats
    finally:
        await nats.close()


async def _known(nats: Client) -> None:
    """Wait until the server knows what begins to be answered."""
    await asyncio.sleep(0)
    await nats.flush()
