"""Hearing commands: each gets an answer whatever happens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeVar
from uuid import UUID

import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from pydantic import ValidationError

from libs.chassis.broker import RECONNECT_SECONDS
from libs.chassis.command_messages import (
    ACTOR,
    COMMAND,
    CORRELATION,
    Answer,
    Posted,
    answers_message,
    posted_lines,
    subject_of,
    subject_of_many,
)
from libs.chassis.sampling import SampledLog
from libs.chassis.words import wrong
from libs.events.results import RESULT, Accepted, Failure, Refusal, Written
from libs.eventsourcing import Causes, Command, Cursor, Engine, Refused, UnitOfWork, new_id, owner_of

log = structlog.stdlib.get_logger()
refusals = SampledLog(__name__)

T = TypeVar("T")
CommandT = TypeVar("CommandT", bound=Command)

WORKERS = 16
"""How many commands of one type a process handles side by side."""


class Scope:
    """What a command with outside effects works in: several units of work with the same causes."""

    def __init__(self, engine: Engine, causes: Causes) -> None:
        self._engine = engine
        self.causes = causes
        self.written: Cursor | None = None

    async def run(
        self,
        work: Callable[[UnitOfWork], Awaitable[T]],
        *,
        command: UUID | None = None,
        grouped: bool = False,
        actor: str | None = None,
    ) -> T | None:
        """Carry out one unit of work and return its value; see `Engine.run`. `actor` is who, if another."""
        causes = self.causes if actor is None else replace(self.causes, actor=actor)
        done = await self._engine.run(work, causes, command=command, grouped=grouped)
        if done.written is not None:
            self.written = max(self.written or done.written, done.written)
        return done.value


Handler = Callable[[CommandT, UnitOfWork], Awaitable[None]]
OutsideHandler = Callable[[CommandT, Scope], Awaitable[None]]


def answering_broker(url: str, *, name: str = "commands") -> NatsBroker:
    """Return a broker to subscribe handlers on. It outlives restarts of the server.

    FastStream injects nothing: looking for what a handler might want costs a hop to a thread per message.
    """
    return NatsBroker(
        url,
        logger=None,
        apply_types=False,
        name=name,
        reconnect_time_wait=RECONNECT_SECONDS,  # type: ignore[arg-type]  # seconds, may be a fraction
        max_reconnect_attempts=-1,
        graceful_timeout=5.0,
    )


class CommandHandlers:
    """What a service does when it is told to, by command type."""

    def __init__(self) -> None:
        self._by_type: dict[type[Command], Callable[[Any, Scope], Awaitable[None]]] = {}

    def on(self, kind: type[CommandT]) -> Callable[[Handler[CommandT]], Handler[CommandT]]:
        """Have the decorated function carry out a command in one unit of work, once per command id.

        It may share the unit's transaction with other commands, so it should wait for nothing else.
        """

        def register(handler: Handler[CommandT]) -> Handler[CommandT]:
            async def carry_out(command: CommandT, scope: Scope) -> None:
                await scope.run(
                    lambda unit: handler(command, unit), command=scope.causes.causation_id, grouped=True
                )

            self._add(kind, carry_out)
            return handler

        return register

    def outside(self, kind: type[CommandT]) -> Callable[[OutsideHandler[CommandT]], OutsideHandler[CommandT]]:
        """Have the decorated function carry out a command that has effects outside the database.

        It may be carried out again for the same command: it must go on where it stopped.
        """

        def register(handler: OutsideHandler[CommandT]) -> OutsideHandler[CommandT]:
            self._add(kind, handler)
            return handler

        return register

    def _add(self, kind: type[CommandT], handler: Callable[[CommandT, Scope], Awaitable[None]]) -> None:
        if kind in self._by_type:
            message = f"{kind.__name__} already has a handler"
            raise ValueError(message)
        self._by_type[kind] = handler

    def subscribe(self, broker: NatsBroker, engine: Engine, *, prefix: str = "") -> None:
        """Subscribe every handler on an `answering_broker`; replicas of a service share the work."""
        for kind, handler in self._by_type.items():
            answering = {subject_of(kind, prefix): _answering(kind, handler, engine)}
            if kind.together:
                answering[subject_of_many(kind, prefix)] = _answering_many(kind, handler, engine)
            for subject, answer in answering.items():
                subscriber = broker.subscriber(
                    subject,
                    queue=engine.service,
                    max_workers=WORKERS,
                    ack_policy=AckPolicy.MANUAL,  # core NATS: there is nothing to acknowledge
                    decoder=_whole,
                )
                subscriber(answer)


async def _whole(message: NatsMessage) -> NatsMessage:
    """Give the handler the message as it came, headers and all."""
    return message


def _answering(
    kind: type[Command], handler: Callable[[Any, Scope], Awaitable[None]], engine: Engine
) -> Callable[[NatsMessage], Awaitable[bytes]]:
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


def _answering_many(
    kind: type[CommandT], handler: Callable[[Any, Scope], Awaitable[None]], engine: Engine
) -> Callable[[NatsMessage], Awaitable[bytes]]:
    reader = Posted[kind]  # type: ignore[valid-type]  # made for each type of command, at run time

    async def answer_one(line: bytes) -> Answer:
        try:
            posted = reader.model_validate_json(line)
        except ValidationError as error:
            return _invalid(kind, _problems(error))
        return await _carry_out(posted.command, handler, Scope(engine, posted.causes))

    async def answer(message: NatsMessage) -> bytes:
        return answers_message(
            await asyncio.gather(*(answer_one(line) for line in posted_lines(message.body)))
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


async def _carry_out(
    command: Command, handler: Callable[[Any, Scope], Awaitable[None]], scope: Scope
) -> Answer:
    name, correlation = type(command).__name__, str(scope.causes.correlation_id)
    try:
        await handler(command, scope)
    except Refused as refusal:
        refusals.write(
            logging.INFO, "command.refused", code=refusal.code, command=name, correlation=correlation
        )
        return Refusal(code=refusal.code, detail=refusal.detail)
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
