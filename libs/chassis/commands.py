"""Commands over NATS: request and reply, with an answer whatever happens."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar
from uuid import UUID

import structlog
from faststream import AckPolicy
from faststream.nats import NatsBroker, NatsMessage
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError
from pydantic import ValidationError

from libs.chassis.broker import RECONNECT_SECONDS, ConnectionLost
from libs.events.base import Command, owner_of
from libs.events.results import RESULT, Accepted, Failure, Refusal, Written
from libs.eventsourcing.decider import Refused
from libs.eventsourcing.engine import Engine
from libs.eventsourcing.record import Causes, Cursor, new_id
from libs.eventsourcing.unit import UnitOfWork

log = structlog.stdlib.get_logger()

T = TypeVar("T")
CommandT = TypeVar("CommandT", bound=Command)

WORKERS = 16
"""How many commands of one type a process handles side by side."""
TIMEOUT_SECONDS = 15.0
_RETRY_SECONDS = 0.1
_CORRELATION = "Adrelay-Correlation-Id"
_COMMAND = "Adrelay-Command-Id"
_ACTOR = "Adrelay-Actor"

Answer = Accepted | Refusal | Failure


class CommandFailed(Exception):
    """The service that hears this command broke on it, or did not answer in time."""


class Scope:
    """What a command with outside effects works in: several units of work, one story."""

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
    ) -> T | None:
        """Carry out one unit of work and return its value; see `Engine.run`."""
        done = await self._engine.run(work, self.causes, command=command, grouped=grouped)
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
            subscriber = broker.subscriber(
                subject_of(kind, prefix),
                queue=engine.service,
                max_workers=WORKERS,
                ack_policy=AckPolicy.MANUAL,  # core NATS: there is nothing to acknowledge
                decoder=_whole,
            )
            subscriber(_answering(kind, handler, engine))


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


def _causes(headers: Mapping[str, str]) -> Causes:
    command_id = UUID(headers[_COMMAND]) if headers.get(_COMMAND) else new_id()
    correlation_id = UUID(headers[_CORRELATION]) if headers.get(_CORRELATION) else command_id
    return Causes(correlation_id, command_id, headers.get(_ACTOR) or "unknown")


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    )


def _invalid(kind: type[Command], problems: str) -> Refusal:
    log.info("command.invalid", command=kind.__name__, problems=problems)
    return Refusal(code="invalid_command", detail=problems)


async def _carry_out(
    command: Command, handler: Callable[[Any, Scope], Awaitable[None]], scope: Scope
) -> Answer:
    name, correlation = type(command).__name__, str(scope.causes.correlation_id)
    try:
        await handler(command, scope)
    except Refused as refusal:
        log.info("command.refused", command=name, code=refusal.code, correlation=correlation)
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


def subject_of(kind: type[Command], prefix: str = "") -> str:
    """Return the subject on which a command is heard."""
    return f"{prefix}cmd.{owner_of(kind)}.{kind.__name__}"


class CommandClient:
    """Sends commands to the services that own them."""

    def __init__(self, nats: Client, *, prefix: str = "", timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._nats = nats
        self._prefix = prefix
        self._timeout = timeout_seconds

    async def send(self, command: Command, causes: Causes) -> Accepted:
        """Have a command carried out and return where its events stand.

        Waits a little for a service that is just being restarted. Raises `Refused` as if the service were
        this one, and `CommandFailed` if it broke or gave no answer in time; it may then have been done.
        """
        headers = {
            _CORRELATION: str(causes.correlation_id),
            _COMMAND: str(new_id()),
            _ACTOR: causes.actor,
        }
        result = await self._request(command, headers)
        match result:
            case Accepted():
                return result
            case Refusal(code=code, detail=detail):
                raise Refused(code, detail)
            case Failure(reference=reference):
                message = f"{type(command).__name__} failed; the service's log knows more under {reference}"
                raise CommandFailed(message)

    async def _request(self, command: Command, headers: dict[str, str]) -> Answer:
        subject = subject_of(type(command), self._prefix)
        body = command.model_dump_json().encode()
        deadline = time.monotonic() + self._timeout
        while True:
            left = deadline - time.monotonic()
            try:
                reply = await self._nats.request(subject, body, timeout=max(left, 0.001), headers=headers)
                return RESULT.validate_json(reply.data)
            except NoRespondersError as error:
                if left <= _RETRY_SECONDS:
                    message = f"no {owner_of(type(command))} service is running"
                    raise CommandFailed(message) from error
                await asyncio.sleep(_RETRY_SECONDS)
            except ConnectionLost as error:
                # whether it was heard is not known: sent again under the same id, it is carried out once
                if left <= _RETRY_SECONDS:
                    message = f"{type(command).__name__} got no answer: {error}"
                    raise CommandFailed(message) from error
                await asyncio.sleep(_RETRY_SECONDS)
            except (NatsError, TimeoutError) as error:
                message = f"{type(command).__name__} got no answer: {type(error).__name__}"
                raise CommandFailed(message) from error
