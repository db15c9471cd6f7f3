"""Sending commands: request and reply over NATS; batchable ones share messages."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
import math
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from libs.chassis.broker import ConnectionLost
from libs.chassis.command_messages import (
    ACTOR,
    COMMAND,
    CORRELATION,
    Answer,
    answers_in,
    batch_message,
    batch_subject_of,
    subject_of,
)
from libs.chassis.signing import NOT_SIGNED, MessageSigner
from libs.events.results import RESULT, Accepted, Failure, Refusal
from libs.eventsourcing import Causes, Command
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.values import new_id

TIMEOUT_SECONDS = 15.0
_RETRY_SECONDS = 0.1
_LOOK_SECONDS = 0.05
_MAX_MESSAGES_IN_FLIGHT = 2
"""How many messages of batched commands may wait for their answers. Commands sent meanwhile share the next
one, so that a message is ready when one is answered."""
_MAX_BATCH = 64
_MOST_BYTES = 256 * 1024
"""Well under the largest message of NATS (1 MiB by default)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatableCauses(Causes):
    """The causes of a request that its caller may repeat: an equal command of it gets an equal id."""

    seed: UUID
    """The same in each repetition; commands that the request sends must differ only if they do each time."""

    def command_id(self, command: Command) -> UUID:
        """Return the id under which a command of the request is carried out once."""
        kind = type(command)
        return uuid5(self.seed, f"{kind.__name__} {command.model_dump_json(exclude=set(kind.varying))}")


class CommandFailed(Exception):
    """The service failed to handle this command, or did not answer in time."""


class CommandClient:
    """Sends signed commands to the services that own them."""

    def __init__(
        self,
        nats: Client,
        signer: MessageSigner,
        *,
        prefix: str = "",
        timeout_seconds: float = TIMEOUT_SECONDS,
        reconnect_seconds: float = math.inf,
    ) -> None:
        self._nats = nats
        self._signer = signer
        self._prefix = prefix
        self._timeout = timeout_seconds
        self._reconnect = reconnect_seconds
        """How long a command waits for the broker before it is sent, within its timeout."""
        self._queues: dict[type[Command], _Queue] = {}

    async def send(self, command: Command, causes: Causes) -> Accepted:
        """Send a command and return the cursors of the events that it appended.

        Waits up to the timeout for a service that restarts. Raises `Refused` if the service refused it,
        and `CommandFailed` if it failed or did not answer in time; the command may have been carried out.
        """
        kind, body = type(command), command.model_dump_json().encode()
        command_id = causes.command_id(command) if isinstance(causes, RepeatableCauses) else new_id()
        outgoing = _Outgoing(kind, body, Causes(causes.correlation_id, command_id, causes.actor))
        if outgoing.kind.batchable:
            result = await self._queue(outgoing.kind).send(outgoing)
        else:
            result = await self._send_one(outgoing)
        match result:
            case Accepted():
                return result
            case Refusal(code=code, detail=detail) if code == NOT_SIGNED:  # no caller can act on it
                message = f"{owner_of(kind)} refuses the gateway's signature of {kind.__name__}: {detail}"
                raise CommandFailed(message)
            case Refusal():
                raise result.error()
            case Failure(reference=reference):
                message = f"{type(command).__name__} failed; the service's log knows more under {reference}"
                raise CommandFailed(message)

    def _queue(self, kind: type[Command]) -> "_Queue":
        if kind not in self._queues:
            self._queues[kind] = _Queue(self._send_all)
        return self._queues[kind]

    async def _send_all(self, commands: Sequence["_Outgoing"]) -> list[Answer]:
        if len(commands) == 1:
            return [await self._send_one(commands[0])]
        kind = commands[0].kind
        message = batch_message([(one.causes, one.body) for one in commands])
        answer = await self._request(kind, batch_subject_of(kind, self._prefix), message)
        answers = answers_in(answer)
        if [one.code for one in answers if isinstance(one, Refusal)] == [NOT_SIGNED]:
            return answers * len(commands)  # the message was refused as a whole
        if len(answers) != len(commands):
            problem = f"{len(commands)} times {kind.__name__} got {len(answers)} answers"
            raise CommandFailed(problem)
        return answers

    async def _send_one(self, one: "_Outgoing") -> Answer:
        headers = {
            CORRELATION: str(one.causes.correlation_id),
            COMMAND: str(one.causes.causation_id),
            ACTOR: one.causes.actor,
        }
        subject = subject_of(one.kind, self._prefix)
        return RESULT.validate_json(await self._request(one.kind, subject, one.body, headers))

    async def _request(
        self, kind: type[Command], subject: str, body: bytes, headers: dict[str, str] | None = None
    ) -> bytes:
        deadline = time.monotonic() + self._timeout
        while True:
            await self._connected(kind, deadline)
            left = deadline - time.monotonic()
            signed = self._signer.sign(subject, body, headers)
            try:
                reply = await self._nats.request(subject, body, timeout=max(left, 0.001), headers=signed)
            except NoRespondersError as error:
                if left <= _RETRY_SECONDS:
                    message = f"no {owner_of(kind)} service is running"
                    raise CommandFailed(message) from error
                await asyncio.sleep(_RETRY_SECONDS)
            except ConnectionLost as error:
                # it may have been received: sent again under the same id, it is carried out once
                if left <= _RETRY_SECONDS:
                    message = f"{kind.__name__} got no answer: {error}"
                    raise CommandFailed(message) from error
                await asyncio.sleep(_RETRY_SECONDS)
            except (NatsError, TimeoutError) as error:
                message = f"{kind.__name__} got no answer: {type(error).__name__}"
                raise CommandFailed(message) from error
            else:
                return reply.data

    async def _connected(self, kind: type[Command], deadline: float) -> None:
        """Wait for the broker; raise `CommandFailed` if it stays away: the command was not sent then."""
        until = min(deadline, time.monotonic() + self._reconnect)
        while not (self._nats.is_connected or self._nats.is_closed):
            if time.monotonic() >= until:
                message = f"{kind.__name__} was not sent: the broker is not connected"
                raise CommandFailed(message)
            await asyncio.sleep(_LOOK_SECONDS)


@dataclass(frozen=True)
class _Outgoing:
    """A command to be sent, as JSON, with the ids and the actor of the events that it leads to."""

    kind: type[Command]
    body: bytes
    causes: Causes


@dataclass(frozen=True)
class _PendingCommand:
    """A command that waits to be sent, and the future of its answer."""

    outgoing: _Outgoing
    answer: asyncio.Future[Answer]


class _Queue:
    """Sends commands of one type in batches, a few messages in flight at a time.

    A command that comes alone is sent at once, as a message of its own.
    """

    def __init__(self, send: Callable[[Sequence[_Outgoing]], Awaitable[list[Answer]]]) -> None:
        self._send = send
        self._waiting: deque[_PendingCommand] = deque()
        self._in_flight = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def send(self, outgoing: _Outgoing) -> Answer:
        """Send a command and return its answer. Raises `CommandFailed`."""
        member = _PendingCommand(outgoing, asyncio.get_running_loop().create_future())
        self._waiting.append(member)
        if self._in_flight < _MAX_MESSAGES_IN_FLIGHT:
            self._in_flight += 1
            task = asyncio.create_task(self._empty(), name=f"sending {outgoing.kind.__name__}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await member.answer

    async def _empty(self) -> None:
        try:
            while taken := self._take():
                await self._carry(taken)
        finally:
            self._in_flight -= 1

    async def _carry(self, taken: Sequence[_PendingCommand]) -> None:
        sending = asyncio.ensure_future(self._send([member.outgoing for member in taken]))
        waiting = len(taken)

        def leave(_: asyncio.Future[Answer]) -> None:
            nonlocal waiting
            waiting -= 1
            if not waiting:
                sending.cancel()  # a process that hangs must not delay the commands behind

        for member in taken:
            member.answer.add_done_callback(leave)
        try:
            await asyncio.wait({sending})
            _hand_out(sending, taken)
        finally:
            sending.cancel()
            for member in taken:
                member.answer.cancel()  # no caller waits for ever when the process ends

    def _take(self) -> list[_PendingCommand]:
        """Remove and return the commands of the next message, without those whose callers have timed out."""
        taken: list[_PendingCommand] = []
        size = 0
        while self._waiting and len(taken) < _MAX_BATCH:
            member = self._waiting[0]
            if not member.answer.done():
                size += len(member.outgoing.body)
                if taken and size > _MOST_BYTES:
                    break
                taken.append(member)
            self._waiting.popleft()
        return taken


def _hand_out(sending: asyncio.Future[list[Answer]], taken: Sequence[_PendingCommand]) -> None:
    """Resolve the answers of callers that still wait; none does if sending was cancelled."""
    if sending.cancelled():
        return
    error = sending.exception()
    answers = iter(() if error else sending.result())
    for member in taken:
        answer = next(answers, None)
        if member.answer.done():
            continue  # its caller has timed out
        if answer is not None:
            member.answer.set_result(answer)
        elif error is not None:
            member.answer.set_exception(error)
