"""The decisions about a Telegram application, which exists once it was added."""

from dataclasses import dataclass

from libs.events.provisioning import ApiPairAdded
from libs.events.values import PairId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.provisioning.pair.commands import Command


@dataclass(frozen=True)
class Pair:
    """A Telegram application that sessions can be assigned with."""

    pair: PairId
    api_id: int


def decide(command: Command, pair: Pair | None) -> list[ApiPairAdded]:
    """Return the events of ``command``; none, if it is a duplicate."""
    if pair is None:
        return [ApiPairAdded(pair=command.pair, api_id=command.api_id)]
    if pair.api_id != command.api_id:
        raise Refused("pair_exists", f"pair {pair.pair} has the api_id {pair.api_id}")
    return []


def evolve(pair: Pair | None, event: ApiPairAdded) -> Pair:
    """Return the application after ``event``."""
    if pair is not None:
        message = f"pair {pair.pair} was added twice"
        raise ImpossibleEvent(message)
    return Pair(event.pair, event.api_id)


PAIR: Decider[Command, Pair, ApiPairAdded] = Decider("pair", decide, evolve)
