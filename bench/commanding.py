"""A command's round trip with a decision and an append, compared with a bare request, insert and reply."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Annotated
from uuid import uuid4

from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from nats.aio.client import Client
from nats.errors import NoRespondersError
from pydantic import StringConstraints

from bench.appending import PLAIN_DATA, PLAIN_INSERT, plain_table
from bench.ledger import ACCOUNT, Credit
from bench.measure import Line, Measure
from bench.servers import Servers
from libs.chassis.command_client import CommandClient
from libs.chassis.commands import answering_broker, subscribe
from libs.chassis.signing import MessageSigner
from libs.chassis.verifying import MessageVerifier
from libs.eventsourcing import Causes, Command, CommandHandlers, UnitOfWork


class CreditAccount(Command):
    """Credit an account."""

    account: Annotated[str, StringConstraints(max_length=40)]


async def commanding(servers: Servers, seconds: float) -> list[Line]:
    """Measure sequential commands, as seen by a caller."""
    async with servers.engine() as engine, servers.stream() as stream:
        broker = NatsBroker(servers.nats.url, logger=None)
        handlers = CommandHandlers()

        @handlers.on(CreditAccount)
        async def credit(command: CreditAccount, unit: UnitOfWork) -> None:
            await unit.execute(ACCOUNT, command.account, Credit(command.account))

        @broker.subscriber("bench.bare", ack_policy=AckPolicy.MANUAL)
        async def bare(message: NatsMessage) -> bytes:
            return message.body

        plain = await plain_table(servers)

        @broker.subscriber("bench.inserting", ack_policy=AckPolicy.MANUAL)
        async def inserting(message: NatsMessage) -> bytes:
            async with plain.transaction():
                await plain.execute(PLAIN_INSERT, uuid4().hex, 1, uuid4(), "Credited", PLAIN_DATA)
            return message.body

        signer = MessageSigner.generate()
        answering = answering_broker(servers.nats.url, service=engine.service)
        subscribe(handlers, answering, engine, MessageVerifier.of(signer.public_key))
        await broker.start()
        await answering.start()
        client = CommandClient(stream.nats, signer)
        await _until_served(stream.nats)
        echo = await _sequential(seconds, lambda _: stream.nats.request("bench.bare", b"x", timeout=5))
        limit = await _sequential(seconds, lambda _: stream.nats.request("bench.inserting", b"x", timeout=5))
        with servers.profiled("command round trip"):
            ours = await _sequential(
                seconds,
                lambda number: client.send(CreditAccount(account=f"c{number % 100}"), Causes.first("bench")),
            )
        await answering.stop()
        await broker.stop()
        await plain.close()
        del credit, bare, inserting
    return [
        Measure("command round trip, one after another", ours, echo, "bare request and reply", at_least=1000),
        Measure("the same", ours, limit, "bare request, plain insert in a transaction, reply"),
    ]


async def _until_served(nats: Client) -> None:
    """Wait until the subscriptions have reached the server."""
    async with asyncio.timeout(10):
        while True:
            with suppress(NoRespondersError):
                await nats.request("bench.bare", b"x", timeout=5)
                return
            await asyncio.sleep(0.01)


async def _sequential(seconds: float, send: Callable[[int], Awaitable[object]]) -> float:
    count, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        await send(count)
        count += 1
    return count / (time.perf_counter() - begin)
