"""Answers about the dead letters of a service's readers; retries and drops them."""

from libs.chassis.operations.fitting import fitting
from libs.chassis.operations.masking import shown_data, shown_text
from libs.chassis.questions import Answering
from libs.events.operations.dead_letters import (
    BlockedStream,
    BlockedStreams,
    DropLetters,
    Letter,
    LettersDropped,
    LettersOfStream,
    ListBlockedStreams,
    RetryAll,
    RetryRequested,
    RetryStream,
    ShowLetters,
)
from libs.eventsourcing import Engine, Refused
from libs.eventsourcing.operations import (
    Connection,
    DeadLetter,
    SourceStream,
    dead_letters_of,
    drop_from,
    first_dead_letters,
    request_retries,
    request_retry,
)

_LONGEST_ERROR = 1_000


def answer(answering: Answering, engine: Engine) -> None:
    """Answer operators' questions about dead letters."""
    answers = DeadLetterAnswers(engine)
    answering.answer(ListBlockedStreams, answers.list_streams)
    answering.answer(ShowLetters, answers.show)
    answering.answer(RetryStream, answers.retry)
    answering.answer(RetryAll, answers.retry_all)
    answering.answer(DropLetters, answers.drop)


class DeadLetterAnswers:
    """Answers from one service's database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def list_streams(self, question: ListBlockedStreams) -> BlockedStreams:
        """Return the blocked streams, those blocked for longest first."""
        async with self._engine.connection() as connection:
            found = await first_dead_letters(connection, question.limit + 1)
        streams = fitting(_blocked(letter, letters) for letter, letters in found[: question.limit])
        return BlockedStreams(streams=tuple(streams), more=len(found) > len(streams))

    async def show(self, question: ShowLetters) -> LettersOfStream:
        """Return the dead letters of a stream."""
        async with self._engine.connection() as connection:
            letters = await _letters(connection, question, question.limit + 1)
        kept = fitting(_letter(one) for one in letters[: question.limit])
        return LettersOfStream(letters=tuple(kept), more=len(letters) > len(kept))

    async def retry(self, question: RetryStream) -> RetryRequested:
        """Request a retry of a stream."""
        async with self._engine.connection() as connection:
            first = (await _letters(connection, question, 1))[0]
            await request_retry(connection, first.reader, first.source_stream)
        return RetryRequested(streams=1)

    async def retry_all(self, _: RetryAll) -> RetryRequested:
        """Request a retry of all blocked streams."""
        async with self._engine.connection() as connection:
            return RetryRequested(streams=await request_retries(connection))

    async def drop(self, question: DropLetters) -> LettersDropped:
        """Drop a dead letter, with `rest` all behind it too."""
        source_stream = SourceStream(question.source, question.stream)
        async with self._engine.connection() as connection:
            dropped = await drop_from(
                connection, question.reader, source_stream, question.event, rest=question.rest
            )
        if not dropped:
            raise _unknown(question)
        return LettersDropped(letters=dropped)


async def _letters(
    connection: Connection, question: ShowLetters | RetryStream | DropLetters, limit: int
) -> list[DeadLetter]:
    """Return a stream's dead letters; raise `Refused` if there are none."""
    source_stream = SourceStream(question.source, question.stream)
    letters = await dead_letters_of(connection, question.reader, source_stream, limit)
    if not letters:
        raise _unknown(question)
    return letters


def _unknown(question: ShowLetters | RetryStream | DropLetters) -> Refused:
    return Refused(
        "unknown_dead_letter", f"{question.stream} has no such dead letter of the reader {question.reader}"
    )


def _blocked(first: DeadLetter, letters: int) -> BlockedStream:
    return BlockedStream(
        reader=first.reader,
        source=first.source_stream.source,
        stream=first.source_stream.stream,
        letters=letters,
        retry_requested=first.asked,
        first=_letter(first),
    )


def _letter(letter: DeadLetter) -> Letter:
    envelope = letter.envelope
    return Letter(
        id=envelope.id,
        type=envelope.type,
        version=envelope.version,
        at=envelope.at,
        failed_at=letter.at,
        error=shown_text(letter.error, longest=_LONGEST_ERROR),
        actor=envelope.actor,
        correlation_id=envelope.correlation_id,
        data=shown_data(envelope.data),
    )
