"""The command handlers of provisioning, for operators."""

from libs.events.commands.provisioning import (
    ExtendAdbot,
    ReplaceSeat,
    RestoreAdbot,
    RetireSession,
    SuspendAdbot,
)
from libs.eventsourcing import CommandHandlers, UnitOfWork
from services.provisioning.adbot.commands import Extend, Restore, Suspend
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.context import Context
from services.provisioning.seating import await_seats, release
from services.provisioning.seating import extend as extend_plan
from services.provisioning.seating import replace_seat as replace_by_hand
from services.provisioning.seating import retire as retire_by_hand

commands = CommandHandlers[Context]()


@commands.on(ExtendAdbot, context=True)
async def extend(command: ExtendAdbot, unit: UnitOfWork, context: Context) -> None:
    """Extend an adbot's validity."""
    extension = Extend(command.days, command.reason, unit.at)
    await extend_plan(command.adbot, extension, unit, context.choose)


@commands.on(SuspendAdbot)
async def suspend(command: SuspendAdbot, unit: UnitOfWork) -> None:
    """Suspend an adbot, and release its seats if asked to."""
    suspension = Suspend(command.reason, unit.at, release=command.release_sessions)
    await release(command.adbot, suspension, unit)


@commands.on(RestoreAdbot, context=True)
async def restore(command: RestoreAdbot, unit: UnitOfWork, context: Context) -> None:
    """Restore a suspended adbot, and fill its empty seats."""
    if await unit.execute(ADBOT, command.adbot, Restore(unit.at)):
        await await_seats(command.adbot, unit, context.choose)


@commands.on(ReplaceSeat, context=True)
async def replace_seat(command: ReplaceSeat, unit: UnitOfWork, context: Context) -> None:
    """Retire the session on a seat, and put another one on it."""
    await replace_by_hand(command.adbot, command.session, command.reason, unit, context.choose)


@commands.on(RetireSession, context=True)
async def retire(command: RetireSession, unit: UnitOfWork, context: Context) -> None:
    """Retire a session, and fill its seat if it was on one."""
    await retire_by_hand(command.session, command.reason, unit, context.choose)
