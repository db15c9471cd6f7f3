"""Questions over NATS: an answer, a refusal, or the word that there is none."""
# nats-py leaves parts of its interface untyped
# pyright: reportUnknownMemberType=false

import asyncio
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
import pytest_asyncio
from nats.aio.client import Client
from structlog.testing import capture_logs

from libs.chassis.questions import (
    AT_ONCE,
    MOST_BYTES,
    TIMEOUT_SECONDS,
    WAITING,
    Answering,
    NotAnswered,
    QuestionClient,
)
from libs.chassis.signing import MessageSigner
from libs.events.questions import ANSWER, Question, Reply, subject_of
from libs.events.results import Refusal
from libs.eventsourcing import Refused
from tests.deadlines import DEADLINE_SECONDS
from tests.support.signing import SIGNER, VERIFIER


class Length(Reply):
    characters: int
    text: str = ""


class HowLong(Question[Length]):
    reply: ClassVar[type[Reply]] = Length

    text: str
    repeated: int = 0


@pytest_asyncio.fixture(loop_scope="session", name="held")
async def _held(client: Client, stream_prefix: str) -> AsyncIterator[asyncio.Event]:
    """Yield what lets answers about `wait` go on."""
    held = asyncio.Event()

    async def how_long(question: HowLong) -> Length:
        if question.text == "wait":
            await held.wait()
        if not question.text:
            raise Refused("nothing_asked", "say a text")
        if question.text == "break":
            raise RuntimeError("a secret of the service")
        return Length(characters=len(question.text), text="x" * question.repeated)

    answering = Answering(client, "shop", VERIFIER, prefix=stream_prefix)
    answering.answer(HowLong, how_long)
    task = asyncio.create_task(answering.run())
    await asyncio.sleep(0)
    await client.flush()
    yield held
    task.cancel()
    await asyncio.wait([task])


@pytest.fixture(name="questions")
def _questions(client: Client, stream_prefix: str) -> QuestionClient:
    return QuestionClient(client, SIGNER, prefix=stream_prefix)


@pytest.mark.usefixtures("held")
async def test_a_question_is_answered(questions: QuestionClient) -> None:
    assert await questions.ask("shop", HowLong(text="four")) == Length(characters=4)


@pytest.mark.usefixtures("held")
async def test_a_refusal_keeps_its_code_and_detail(questions: QuestionClient) -> None:
    with pytest.raises(Refused) as refused:
        await questions.ask("shop", HowLong(text=""))

    assert (refused.value.code, refused.value.detail) == ("nothing_asked", "say a text")


@pytest.mark.usefixtures("held")
async def test_a_service_that_does_not_run_gives_no_answer(questions: QuestionClient) -> None:
    with pytest.raises(NotAnswered):
        await questions.ask("library", HowLong(text="four"))


@pytest.mark.usefixtures("held")
async def test_an_answer_is_waited_for_as_long_as_the_asker_wants(questions: QuestionClient) -> None:
    async with asyncio.timeout(TIMEOUT_SECONDS / 2):
        with pytest.raises(NotAnswered):
            await questions.ask("shop", HowLong(text="wait"), timeout_seconds=0.05)


@pytest.mark.usefixtures("held")
async def test_an_error_is_logged_where_it_arose_and_tells_the_asker_nothing(
    questions: QuestionClient,
) -> None:
    with capture_logs() as logged, pytest.raises(NotAnswered) as failed:
        await questions.ask("shop", HowLong(text="break"))

    assert "secret" not in str(failed.value)
    assert [line["error"] for line in logged if line["event"] == "question.failed"] == ["RuntimeError"]


@pytest.mark.usefixtures("held")
async def test_a_question_that_is_no_question_is_refused(client: Client, stream_prefix: str) -> None:
    subject = subject_of(HowLong, "shop", stream_prefix)
    signed = SIGNER.sign(subject, b'{"text": 7}')
    answer = await client.request(subject, b'{"text": 7}', timeout=DEADLINE_SECONDS, headers=signed)

    assert ANSWER.validate_json(answer.data) == Refusal(code="invalid_question", detail="1 fields are wrong")


@pytest.mark.usefixtures("held")
async def test_an_answer_that_is_too_large_for_the_broker_is_refused(questions: QuestionClient) -> None:
    with pytest.raises(Refused) as refused:
        await questions.ask("shop", HowLong(text="four", repeated=MOST_BYTES))

    assert refused.value.code == "answer_too_large"


async def test_too_many_questions_at_once_are_refused_and_the_others_answered(
    held: asyncio.Event, questions: QuestionClient
) -> None:
    asked = [
        asyncio.create_task(questions.ask("shop", HowLong(text="wait"))) for _ in range(AT_ONCE + WAITING + 1)
    ]
    refused, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    held.set()
    await asyncio.wait(asked)

    errors = [task.exception() for task in refused]
    assert [error.code for error in errors if isinstance(error, Refused)] == ["busy"]
    assert sum(task.exception() is None for task in asked) == AT_ONCE + WAITING


@pytest.mark.usefixtures("held")
async def test_a_question_that_the_gateway_did_not_sign_is_refused(
    client: Client, stream_prefix: str
) -> None:
    subject = subject_of(HowLong, "shop", stream_prefix)
    answer = await client.request(subject, b'{"text": "four"}', timeout=DEADLINE_SECONDS)
    assert ANSWER.validate_json(answer.data) == Refusal(
        code="not_signed", detail="it has no signature of the gateway"
    )
    other = QuestionClient(client, MessageSigner.generate(), prefix=stream_prefix)
    with pytest.raises(NotAnswered):
        await other.ask("shop", HowLong(text="four"))
