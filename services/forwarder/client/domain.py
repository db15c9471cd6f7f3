"""The decisions about a session in Telegram: imported, paused by a limit, unreachable, dead."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from libs.events.forwarder import (
    MethodRested,
    SeatRested,
    SessionDied,
    SessionImported,
    SessionReachable,
    SessionUnreachable,
)
from libs.events.values import Method, SessionId
from libs.eventsourcing import Decider, ImpossibleEvent, Refused, Snapshots
from services.forwarder.client.commands import (
    Command,
    Die,
    Import,
    MarkReachable,
    MarkUnreachable,
    Pause,
    RestMethod,
)

ClientEvent = (
    SessionImported | SeatRested | MethodRested | SessionUnreachable | SessionReachable | SessionDied
)


@dataclass(frozen=True)
class Client:
    """An imported session."""

    id: SessionId
    paused_until: datetime | None = None
    dead: bool = False
    unreachable: bool = False
    methods: Mapping[Method, datetime] = field(default_factory=dict[Method, datetime])
    """The end of the last rest of each method."""


def decide(command: Command, client: Client | None) -> list[ClientEvent]:
    """Return the events of a command; none, if it is a duplicate."""
    if client is None:
        if isinstance(command, Import):
            return [_imported(command)]
        raise Refused("unknown_session")
    events: list[ClientEvent] = []
    match command:
        case _ if client.dead:
            pass
        case Import():
            pass
        case Pause():
            events = _pause(command, client)
        case RestMethod():
            events = _rest(command, client)
        case Die():
            events = [SessionDied(session=client.id, loss=command.loss, error=command.error)]
        case MarkUnreachable() | MarkReachable():
            events = _mark(command, client)
        case _:
            assert_never(command)
    return events


def _imported(command: Import) -> SessionImported:
    return SessionImported(
        session=command.session,
        telegram_user=command.telegram_user,
        phone=command.phone,
        pair=command.pair,
    )


def _pause(command: Pause, client: Client) -> list[ClientEvent]:
    """Only a later end of the pause is recorded."""
    if command.until <= max(client.paused_until or command.at, command.at):
        return []
    return [SeatRested(session=client.id, until=command.until, result=command.result, error=command.error)]


def _mark(command: MarkUnreachable | MarkReachable, client: Client) -> list[ClientEvent]:
    """Only changes are recorded."""
    if isinstance(command, MarkUnreachable) is client.unreachable:
        return []
    if isinstance(command, MarkReachable):
        return [SessionReachable(session=client.id)]
    return [SessionUnreachable(session=client.id, error=command.error, since=command.since)]


def _rest(command: RestMethod, client: Client) -> list[ClientEvent]:
    """Only a later end of the rest is recorded."""
    if command.until <= max(client.methods.get(command.method, command.at), command.at):
        return []
    return [MethodRested(session=client.id, method=command.method, until=command.until, error=command.error)]


def evolve(client: Client | None, event: ClientEvent) -> Client:
    """Return the session after an event."""
    match event, client:
        case SessionImported(), None:
            return Client(event.session)
        case (_, None) | (SessionImported(), Client()):
            message = f"{type(event).__name__} can't follow {client}"
            raise ImpossibleEvent(message)
        case SeatRested(), Client():
            return replace(client, paused_until=event.until)
        case MethodRested(), Client():
            return replace(client, methods={**client.methods, event.method: event.until})
        case SessionDied(), Client():
            return replace(client, dead=True)
        case SessionUnreachable(), Client():
            return replace(client, unreachable=True)
        case SessionReachable(), Client():
            return replace(client, unreachable=False)
        case _:
            assert_never(event)


CLIENT = Decider("client", decide, evolve, snapshots=Snapshots(Client, version=2))
