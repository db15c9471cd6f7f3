"""The decisions about a Telegram application, which sessions connect with."""

from dataclasses import dataclass

from libs.events.forwarder import ApiPairImported
from libs.events.values import ApplicationId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.forwarder.telegram_application.commands import Command


@dataclass(frozen=True)
class Application:
    """An imported Telegram application."""

    id: ApplicationId
    api_id: int


def decide(command: Command, application: Application | None) -> list[ApiPairImported]:
    """Return the events of a command; none, if it is a duplicate."""
    if application is None:
        return [ApiPairImported(pair=command.pair, api_id=command.api_id)]
    if application.api_id != command.api_id:
        raise Refused("pair_exists", f"this application has the api_id {application.api_id}")
    return []


def evolve(application: Application | None, event: ApiPairImported) -> Application:
    """Return the application after an event."""
    if application is not None:
        message = f"{event} can't follow {application}"
        raise ImpossibleEvent(message)
    return Application(event.pair, event.api_id)


APPLICATION = Decider("apipair", decide, evolve)
