"""The decisions about a Telegram application, which exists once it was added."""

from dataclasses import dataclass

from libs.events.provisioning import ApiPairAdded
from libs.events.values import ApplicationId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.provisioning.telegram_application.commands import Command


@dataclass(frozen=True)
class Application:
    """A Telegram application that sessions can be assigned with."""

    id: ApplicationId
    api_id: int


def decide(command: Command, application: Application | None) -> list[ApiPairAdded]:
    """Return the events of ``command``; none, if it is a duplicate."""
    if application is None:
        return [ApiPairAdded(pair=command.pair, api_id=command.api_id)]
    if application.api_id != command.api_id:
        raise Refused("pair_exists", f"application {application.id} has the api_id {application.api_id}")
    return []


def evolve(application: Application | None, event: ApiPairAdded) -> Application:
    """Return the application after ``event``."""
    if application is not None:
        message = f"application {application.id} was added twice"
        raise ImpossibleEvent(message)
    return Application(event.pair, event.api_id)


APPLICATION: Decider[Command, Application, ApiPairAdded] = Decider("pair", decide, evolve)
