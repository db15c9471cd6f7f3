"""The decision about a confirmation: the adbot's account may give it, as often as it likes."""

from dataclasses import dataclass
from uuid import UUID

from libs.events.scheduler import GroupConfirmed
from libs.events.values import AdbotId
from libs.eventsourcing import Decider
from services.scheduler.confirmations.commands import Command
from services.scheduler.schedule.adbot import owned


@dataclass(frozen=True)
class Confirmations:
    """The confirmations of an adbot's groups; none bars another."""

    adbot: AdbotId


def decide(command: Command, _: Confirmations | None) -> list[GroupConfirmed]:
    """Return the confirmation; refused: `unknown_adbot`."""
    adbot = owned(command.adbot, command.account)
    return [GroupConfirmed(adbot=adbot.adbot, group=command.group)]


def evolve(_: Confirmations | None, event: GroupConfirmed) -> Confirmations:
    """Return the confirmations after an event."""
    return Confirmations(event.adbot)


def correlated_with(command: Command, _: str) -> UUID | None:
    """Return the correlation id of the adbot's order."""
    return command.adbot.correlation_id if command.adbot is not None else None


CONFIRMATIONS: Decider[Command, Confirmations, GroupConfirmed] = Decider(
    "confirmations", decide, evolve, correlated_with=correlated_with
)
