"""Answering commands: each gets an answer whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from uuid import UUID

import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from nats.aio.client import Client
from nats.errors import FlushTimeoutError
from pydantic import ValidationError

from libs.chassis.broker import RECONNECT_SECONDS, BrokerClient, tls_options
from libs.chassis.broker_permissions import inbox_of
from libs.chassis.broker_tls import BrokerTls
from libs.chassis.command_messages import (
    ACTOR,
    COMMAND,
    CORRELATION,
    Answer,
    BatchedCommand,
    answers_message,
    batch_lines,
    batch_subject_of,
    subject_of,
)
from libs.chassis.sampling import SampledLog
from libs.chassis.verifying import MessageVerifier
from libs.chassis.words import wrong
from libs.events.results import RESULT, Accepted, Failure, Refusal, Written
from libs.eventsourcing import Causes, Command, CommandHandlers, Engine, Refused, Scope
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.values import new_id

log = structlog.stdlib.get_logger()
refusals = SampledLog(__name__)

CommandT = TypeVar("CommandT", bound=Command)

CarryOut = Callable[[Any, Scope], Awaitable[None]]
Answerer = Callable[[NatsMessage], Awaitable[bytes]]

WORKERS = 16
"""How many commands of one type a process handles concurrently."""


class _AnsweringBroker(NatsBroker):
    """A broker whose connection is a `BrokerClient`."""

    def __init__(self, url: str, tls: BrokerTls | None, **options: Any) -> None:  # noqa: ANN401 - FastStream's
        super().__init__(url, **options)
        self._tls = tls_options(url, tls)

    async def _connect(self) -> Client:
        connection = BrokerClient()
        await connection.connect(**{**self._connection_kwargs, **self._tls})
        self.config.connect(connection)
        return connection


def answering_broker(
    url: str, *, service: str, name: str = "commands", tls: BrokerTls | None = None
) -> NatsBroker:
    """Return a broker to subscribe a service's handlers on. It reconnects after restarts of the server.

    FastStream's dependency injection is off: it costs a hop to a thread per message.
    """
    return _AnsweringBroker(
        url,
        tls,
        logger=None,
        apply_types=False,
        name=name,
        inbox_prefix=inbox_of(service),
        reconnect_time_wait=RECONNECT_SECONDS,  # seconds, may be a fraction
        max_reconnect_attempts=-1,
        graceful_timeout=5.0,
    )


async def start_answering(broker: NatsBroker) -> None:
    """Start an `answering_broker`; on return, the server knows its subscriptions.

    Until it does, nobody answers a command, although other subscribers of its subject may receive it. A
    connection that is lost meanwhile restores its subscriptions when it reconnects.
    """
    connection = await broker.connect()
    await broker.start()
    with suppress(FlushTimeoutError):
        # nats-py writes the first one's ping before the subscriptions, which are still in its buffer
        for _ in range(2):
            await connection.flush()


def subscribe(
    handlers: CommandHandlers,
    broker: NatsBroker,
    engine: Engine,
    verifier: MessageVerifier,
    *,
    prefix: str = "",
) -> None:
    """Subscribe every handler on an `answering_broker`; replicas of a service share the work.

    A command that the gateway did not sign is refused, before it is looked into.
    """
    for kind in handlers.commands:
        carry_out = handlers.of(kind)
        answering = {subject_of(kind, prefix): _answering(kind, carry_out, engine)}
        if kind.batchable:
            answering[batch_subject_of(kind, prefix)] = _answering_batch(kind, carry_out, engine)
        for subject, answer in answering.items():
            subscriber = broker.subscriber(
                subject,
                queue=engine.service,
                max_workers=WORKERS,
                ack_policy=AckPolicy.MANUAL,  # core NATS: there is nothing to acknowledge
                decoder=_whole,
            )
            subscriber(_signed(subject, answer, verifier))


async def _whole(message: NatsMessage) -> NatsMessage:
    """Return the message with its headers, not only its body."""
    return message


def _signed(subject: str, answer: Answerer, verifier: MessageVerifier) -> Answerer:
    """Return what answers only messages with a signature for this subject."""

    async def verified(message: NatsMessage) -> bytes:
        refusal = verifier.refusal(subject, message.headers, message.body)
        return await answer(message) if refusal is None else RESULT.dump_json(refusal)

    return verified


def _answering(kind: type[Command], handler: CarryOut, engine: Engine) -> Answerer:
    async def answer(message: NatsMessage) -> bytes:
        try:
            command = kind.model_validate_json(message.body)
            causes = _causes(message.headers)
        except ValidationError as error:
            return RESULT.dump_json(_invalid(kind, _problems(error)))
        except ValueError:
            return RESULT.dump_json(_invalid(kind, "a header holds no UUID"))
        return RESULT.dump_json(await _carry_out(command, handler, Scope(engine, causes)))

    return answer


def _answering_batch(kind: type[CommandT], handler: CarryOut, engine: Engine) -> Answerer:
    reader = BatchedCommand[kind]  # type: ignore[valid-type]  # made for each type of command, at run time

    async def answer_one(line: bytes) -> Answer:
        try:
            posted = reader.model_validate_json(line)
        except ValidationError as error:
            return _invalid(kind, _problems(error))
        return await _carry_out(posted.command, handler, Scope(engine, posted.causes))

    async def answer(message: NatsMessage) -> bytes:
        return answers_message(
            await asyncio.gather(*(answer_one(line) for line in batch_lines(message.body)))
        )

    return answer


def _causes(headers: Mapping[str, str]) -> Causes:
    command_id = UUID(headers[COMMAND]) if headers.get(COMMAND) else new_id()
    correlation_id = UUID(headers[CORRELATION]) if headers.get(CORRELATION) else command_id
    return Causes(correlation_id, command_id, headers.get(ACTOR) or "unknown")


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {wrong(problem)}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def _invalid(kind: type[Command], problems: str) -> Refusal:
    refusals.write(logging.INFO, "command.invalid", code=kind.__name__, problems=problems)
    return Refusal(code="invalid_command", detail=problems)


async def _carry_out(command: Command, handler: CarryOut, scope: Scope) -> Answer:
    name, correlation = type(command).__name__, str(scope.causes.correlation_id)
    try:
        await handler(command, scope)
    except Refused as refusal:
        refusals.write(
            logging.INFO, "command.refused", code=refusal.code, command=name, correlation=correlation
        )
        return Refusal.of(refusal)
    except Exception as error:
        reference = str(new_id())
        log.exception(
            "command.failed",
            command=name,
            reference=reference,
            correlation=correlation,
            error=type(error).__name__,
        )
        return Failure(reference=reference)
    written = scope.written
    if written is None:
        return Accepted()
    service = owner_of(type(command))
    return Accepted(written=(Written(service=service, xid=written.xid, position=written.position),))
