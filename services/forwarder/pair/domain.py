"""The decisions about a Telegram application, which sessions connect with."""

from dataclasses import dataclass

from libs.events.forwarder import ApiPairImported
from libs.events.values import PairId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.forwarder.pair.commands import Command


@dataclass(frozen=True)
class Pair:
    """An imported Telegram application."""

    id: PairId
    api_id: int


def decide(command: Command, pair: Pair | None) -> list[ApiPairImported]:
    """Return the events of a command; none, if it is a duplicate."""
    if pair is None:
        return [ApiPairImported(pair=command.pair, api_id=command.api_id)]
    if pair.api_id != command.api_id:
        raise Refused("pair_exists", f"this pair has the api_id {pair.api_id}")
    return []


def evolve(pair: Pair | None, event: ApiPairImported) -> Pair:
    """Return the application after an event."""
    if pair is not None:
        message = f"{event} can't follow {pair}"
        raise ImpossibleEvent(message)
    return Pair(event.pair, event.api_id)


PAIR = Decider("apipair", decide, evolve)
