"""What operators ask of provisioning."""

from libs.chassis.commands import CommandHandlers
from libs.events import provisioning as asked
from libs.eventsourcing import UnitOfWork
from services.provisioning.adbot.commands import Extend, Restore, Suspend
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.seating import NextSeat, await_seats, extend, release


def handlers(choose: NextSeat) -> CommandHandlers:
    """Return provisioning's command handlers."""
    commands = CommandHandlers()

    @commands.on(asked.ExtendAdbot)
    async def _(command: asked.ExtendAdbot, unit: UnitOfWork) -> None:
        await extend(command.adbot, Extend(command.days, command.reason, unit.at), unit, choose)

    @commands.on(asked.SuspendAdbot)
    async def _(command: asked.SuspendAdbot, unit: UnitOfWork) -> None:
        suspension = Suspend(command.reason, unit.at, release=command.release_sessions)
        await release(command.adbot, suspension, unit)

    @commands.on(asked.RestoreAdbot)
    async def _(command: asked.RestoreAdbot, unit: UnitOfWork) -> None:
        if await unit.execute(ADBOT, command.adbot, Restore(unit.at)):
            await await_seats(command.adbot, unit, choose)

    return commands
