"""One query for all who ask the same question at the same time, each about something else."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

SubjectT = TypeVar("SubjectT")
AnswerT = TypeVar("AnswerT")


class SharedQuery(Generic[SubjectT, AnswerT]):
    """Runs one query at a time, about everything that was asked until it began.

    Whoever asks while one runs waits for the next: no answer is older than its question.
    """

    def __init__(self, query: Callable[[Sequence[SubjectT]], Awaitable[Sequence[AnswerT]]]) -> None:
        self._query = query
        """Returns an answer for each subject, in their order."""
        self._asked: list[tuple[SubjectT, asyncio.Future[AnswerT]]] = []
        self._running: asyncio.Task[None] | None = None

    async def ask(self, subject: SubjectT) -> AnswerT:
        """Return the answer about a subject; raise what the query raised."""
        answer: asyncio.Future[AnswerT] = asyncio.get_running_loop().create_future()
        self._asked.append((subject, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._run(), name="shared query")
        return await answer

    async def _run(self) -> None:
        try:
            while self._asked:
                asked, self._asked = self._asked, []
                await self._answer(asked)
        finally:
            self._running = None

    async def _answer(self, asked: Sequence[tuple[SubjectT, asyncio.Future[AnswerT]]]) -> None:
        waiting = [(subject, answer) for subject, answer in asked if not answer.done()]
        if not waiting:  # all who asked have gone
            return
        try:
            found = await self._query([subject for subject, _ in waiting])
        except Exception as error:  # noqa: BLE001 - raised to each who asked
            for _, answer in waiting:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), one in zip(waiting, found, strict=True):
            if not answer.done():
                answer.set_result(one)
