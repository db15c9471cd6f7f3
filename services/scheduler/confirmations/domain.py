"""The decision about a confirmation: the adbot's account may give it, as often as it likes."""

from dataclasses import dataclass, replace
from uuid import UUID

from libs.events.scheduler import GroupConfirmed
from libs.events.values import AdbotId
from libs.eventsourcing import Decider
from services.scheduler.confirmations.commands import Command
from services.scheduler.schedule.adbot import owned


@dataclass(frozen=True)
class Confirmations:
    """The number of confirmations that an adbot's account gave."""

    adbot: AdbotId
    count: int = 0


def decide(command: Command, _: Confirmations | None) -> list[GroupConfirmed]:
    """Return the confirmation; refused: `unknown_adbot`."""
    adbot = owned(command.adbot, command.account)
    return [GroupConfirmed(adbot=adbot.adbot, group=command.group)]


def evolve(confirmations: Confirmations | None, event: GroupConfirmed) -> Confirmations:
    """Return the confirmations after an event."""
    before = confirmations or Confirmations(event.adbot)
    return replace(before, count=before.count + 1)


def correlated_with(command: Command, _: str) -> UUID | None:
    """Return the correlation id of the adbot's order."""
    return command.adbot.correlation_id if command.adbot is not None else None


CONFIRMATIONS: Decider[Command, Confirmations, GroupConfirmed] = Decider(
    "confirmations", decide, evolve, correlated_with=correlated_with
)
