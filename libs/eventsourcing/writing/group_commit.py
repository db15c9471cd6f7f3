"""Group commit: units of work that arrive while others are being committed share the next transaction."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import structlog

from libs.eventsourcing.model.envelope import Causes, Cursor
from libs.eventsourcing.model.errors import Refused
from libs.eventsourcing.writing.transaction import Transaction
from libs.eventsourcing.writing.unit_of_work import UnitOfWork

log = structlog.stdlib.get_logger()

MOST_TOGETHER = 64


@dataclass(frozen=True)
class Outcome:
    """The outcome of a unit: its value and the cursor of its last event, or its refusal."""

    value: Any
    written: Cursor | None
    refused: Refused | None = None


@dataclass(frozen=True)
class Member:
    """A unit of work that waits, and the future of its outcome."""

    work: Callable[[UnitOfWork], Awaitable[Any]]
    causes: Causes
    command: UUID | None
    answer: asyncio.Future[Outcome]


class Host(Protocol):
    """What runs transactions: the engine."""

    async def run_alone(
        self, work: Callable[[UnitOfWork], Awaitable[Any]], causes: Causes, command: UUID | None
    ) -> Outcome:
        """Run one unit in a transaction of its own."""
        ...

    async def run_group(self, members: Sequence[Member]) -> list[Outcome]:
        """Run units in one transaction; if anything fails, raise and roll all back."""
        ...


class GroupCommit:
    """Runs one transaction after another, each with all units that arrived meanwhile.

    A unit that arrives alone waits only for those of the same turn of the event loop. If a shared transaction
    fails, for whatever reason, each of its units runs in one of its own: none suffers for another.
    """

    def __init__(self, host: Host) -> None:
        self._host = host
        self._waiting: deque[Member] = deque()
        self._busy = False
        self._task: asyncio.Task[None] | None = None

    async def run(
        self, work: Callable[[UnitOfWork], Awaitable[Any]], causes: Causes, command: UUID | None
    ) -> Outcome:
        """Run a unit, grouped with others if there are any; raises what `run_alone` does, or the refusal."""
        member = Member(work, causes, command, asyncio.get_running_loop().create_future())
        self._waiting.append(member)
        if not self._busy:
            self._busy = True
            # it begins with the loop's next turn: units that came with this one are there by then
            self._task = asyncio.create_task(self._empty(), name="group commit")
        outcome = await member.answer
        if outcome.refused is not None:
            raise outcome.refused
        return outcome

    async def stop(self) -> None:
        """Stop; callers that still wait are cancelled."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for member in self._waiting:
            member.answer.cancel()
        self._waiting.clear()

    async def _empty(self) -> None:
        taken: list[Member] = []
        try:
            while self._waiting:
                size = min(len(self._waiting), MOST_TOGETHER)
                taken = [self._waiting.popleft() for _ in range(size)]
                taken = [member for member in taken if not member.answer.done()]  # its caller was cancelled
                await self._carry_out(taken)
        finally:
            self._busy = False
            for member in taken:
                member.answer.cancel()

    async def _carry_out(self, members: Sequence[Member]) -> None:
        if len(members) > 1:
            try:
                outcomes = await self._host.run_group(members)
            except Exception as error:  # noqa: BLE001 - raised again to the caller whose unit failed
                log.debug("group_commit.apart", units=len(members), error=repr(error))
            else:
                for member, outcome in zip(members, outcomes, strict=True):
                    _answer(member, outcome)
                return
        if len(members) == 1:  # the usual case needs no task of its own
            await self._alone(members[0])
        else:
            await asyncio.gather(*(self._alone(member) for member in members))

    async def _alone(self, member: Member) -> None:
        try:
            outcome = await self._host.run_alone(member.work, member.causes, member.command)
        except Exception as error:  # noqa: BLE001 - it is handed on
            if not member.answer.done():
                member.answer.set_exception(error)
        else:
            _answer(member, outcome)


def _answer(member: Member, outcome: Outcome) -> None:
    if not member.answer.done():
        member.answer.set_result(outcome)


async def carry_out_all(
    transaction: Transaction,
    members: Sequence[Member],
    refuse_repeat: Callable[[UUID], Awaitable[None]],
) -> list[Outcome]:
    """Run units one after another in a transaction, flush it, and return their outcomes.

    A refusal is an outcome only of a unit that has left no trace; anything else is raised. `refuse_repeat`
    raises where a command that is a no-op now was carried out before.
    """
    ran: list[tuple[UnitOfWork, Any, Refused | None]] = []
    for member in members:
        unit = UnitOfWork(transaction, member.causes, command=member.command)
        try:
            ran.append((unit, await member.work(unit), None))
        except Refused as refusal:
            if not unit.untouched:
                raise
            ran.append((unit, None, refusal))
        if member.command is not None and not unit.decided:
            await refuse_repeat(member.command)
    await transaction.flush()
    return [Outcome(value, unit.written, refusal) for unit, value, refusal in ran]
