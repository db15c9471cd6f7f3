"""Answers for services that a test does not run, whose health it sets."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager

from nats.aio.msg import Msg

from libs.chassis.broker import connect_nats
from libs.events.health import QUESTION, ServiceHealth


def well(service: str) -> ServiceHealth:
    """Return the answer of a service that has nothing to tell."""
    return ServiceHealth(service=service, relay_seconds=0.0, readers=())


@asynccontextmanager
async def answering(
    nats_url: str, prefix: str, services: Iterable[str]
) -> AsyncGenerator[dict[str, ServiceHealth]]:
    """Answer for these services; a test may replace or delete their answers."""
    answers = {service: well(service) for service in services}

    async def answer(question: Msg) -> None:
        for one in tuple(answers.values()):
            await question.respond(one.model_dump_json().encode())

    nats = await connect_nats(nats_url, "test")
    try:
        await nats.subscribe(f"{prefix}{QUESTION}", cb=answer)
        yield answers
    finally:
        await nats.close()
