"""Asking services about their stores and their work, and answering: request and reply over NATS."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Protocol, TypeVar, cast

import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from pydantic import ValidationError

from libs.chassis.signing import NOT_SIGNED, MessageSigner
from libs.chassis.verifying import MessageVerifier
from libs.events.questions import ANSWER, Answered, Question, Reply, subject_of
from libs.events.results import Failure, Refusal
from libs.eventsourcing import Refused
from libs.eventsourcing.values import new_id

log = structlog.stdlib.get_logger()

ReplyT = TypeVar("ReplyT", bound=Reply)

TIMEOUT_SECONDS = 10.0
"""How long an answer may take, at both ends."""
AT_ONCE = 2
"""How many questions a process answers at a time; what it serves comes first."""
WAITING = 32
"""How many more questions may wait for their turn."""
MOST_BYTES = 768 * 1024
"""Well under the largest message of NATS (1 MiB by default)."""


class NotAnswered(Exception):
    """The asked service does not run, did not answer in time, or failed."""


class Answer(Protocol):
    """Returns the answer to a question; raises `Refused` for one that has none."""

    async def __call__(self, question: Any, /) -> Reply:  # noqa: ANN401 - of the kind that it was given for
        """Answer."""
        ...


class QuestionClient:
    """Asks services, with signed questions."""

    def __init__(self, nats: Client, signer: MessageSigner, *, prefix: str = "") -> None:
        self._nats, self._signer, self._prefix = nats, signer, prefix

    async def ask(
        self, service: str, question: Question[ReplyT], *, timeout_seconds: float = TIMEOUT_SECONDS
    ) -> ReplyT:
        """Return the answer of one process of a service; raise `Refused`, or `NotAnswered`."""
        kind = type(question)
        subject, body = subject_of(kind, service, self._prefix), question.model_dump_json().encode()
        try:
            message = await self._nats.request(
                subject, body, timeout=timeout_seconds, headers=self._signer.sign(subject, body)
            )
            answer = ANSWER.validate_json(message.data)
            if isinstance(answer, Answered):
                return cast("ReplyT", kind.reply.model_validate(answer.reply))
        except (NatsError, TimeoutError, ValidationError) as error:
            raise NotAnswered(service) from error
        if isinstance(answer, Refusal) and answer.code != NOT_SIGNED:
            raise answer.error()
        raise NotAnswered(service)


class Answering:
    """Answers the gateway's questions to a process's service; questions without its signature are refused."""

    def __init__(self, nats: Client, service: str, verifier: MessageVerifier, *, prefix: str = "") -> None:
        self._nats, self._service, self._prefix = nats, service, prefix
        self._verifier = verifier
        self._answers: dict[type[Question[Any]], Answer] = {}
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._tasks = set[asyncio.Task[None]]()

    @property
    def waiting(self) -> int:
        """How many questions wait for their turn."""
        return max(0, len(self._tasks) - AT_ONCE)

    def answer(self, kind: type[Question[ReplyT]], answer: Callable[[Any], Awaitable[ReplyT]]) -> None:
        """Answer questions of this kind so, from the start of `run` on."""
        self._answers[kind] = cast("Answer", answer)

    async def run(self) -> None:
        """Answer until cancelled."""
        async with AsyncExitStack() as stack:
            for kind, answer in self._answers.items():
                subject = subject_of(kind, self._service, self._prefix)
                subscription = await self._nats.subscribe(
                    subject, queue=self._service, cb=self._taking(subject, kind, answer)
                )
                stack.push_async_callback(_quietly, subscription.unsubscribe)
            try:
                await asyncio.Event().wait()
            finally:
                for task in self._tasks:
                    task.cancel()

    def _taking(
        self, subject: str, kind: type[Question[Any]], answer: Answer
    ) -> Callable[[Msg], Awaitable[None]]:
        async def take(message: Msg) -> None:
            """Answer beside the subscription's loop, which would wait for one answer after the other."""
            refusal = self._verifier.refusal(subject, message.headers, message.data)
            if refusal is not None:
                await _respond(message, refusal)
                return
            if len(self._tasks) >= AT_ONCE + WAITING:
                await _respond(message, Refusal(code="busy", detail="too many questions; ask again soon"))
                return
            task = asyncio.create_task(self._reply(kind, answer, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return take

    async def _reply(self, kind: type[Question[Any]], answer: Answer, message: Msg) -> None:
        try:
            async with asyncio.timeout(TIMEOUT_SECONDS), self._turns:
                reply = await answer(kind.model_validate_json(message.data))
            result: Answered | Refusal | Failure = Answered(reply=reply.model_dump(mode="json"))
        except ValidationError as error:
            result = Refusal(code="invalid_question", detail=f"{error.error_count()} fields are wrong")
        except Refused as refusal:
            result = Refusal.of(refusal)
        except Exception as error:
            reference = str(new_id())
            log.exception(
                "question.failed", question=kind.__name__, reference=reference, error=type(error).__name__
            )
            result = Failure(reference=reference)
        await _respond(message, result)


async def _respond(message: Msg, result: Answered | Refusal | Failure) -> None:
    body = ANSWER.dump_json(result)
    if len(body) > MOST_BYTES:
        body = ANSWER.dump_json(Refusal(code="answer_too_large", detail="ask for less"))
    await _quietly(lambda: message.respond(body))


async def _quietly(act: Callable[[], Awaitable[None]]) -> None:
    with suppress(NatsError):
        await act()
