"""The decisions about a session: in stock, on one adbot, or lost."""

from dataclasses import dataclass
from typing import assert_never

from libs.events.provisioning import SessionAssigned, SessionLost, SessionReleased, SessionStocked
from libs.events.values import AdbotId, ApplicationId, SessionId, SessionLoss
from libs.eventsourcing import Decider, ImpossibleEvent, Refused
from services.provisioning.adbot.domain import ADBOT
from services.provisioning.session.commands import Assign, Command, Lose, Release, Stock

SessionEvent = SessionStocked | SessionAssigned | SessionReleased | SessionLost

# -- state


@dataclass(frozen=True)
class Unused:
    """A session in stock. `pair` is its only possible Telegram application, None allows any."""

    session: SessionId
    pair: ApplicationId | None


@dataclass(frozen=True)
class Assigned:
    """A session on an adbot. `own`: it was uploaded with this Telegram application."""

    session: SessionId
    adbot: AdbotId
    pair: ApplicationId
    own: bool


@dataclass(frozen=True)
class Lost:
    """A session that can't be used any more."""

    session: SessionId
    loss: SessionLoss


Session = Unused | Assigned | Lost


def decide(command: Command, session: Session | None) -> list[SessionEvent]:
    """Return the events of ``command``; none, if it is a duplicate."""
    match command:
        case Stock():
            return _stock(command, session)
        case Assign():
            return _assign(command, session)
        case Release():
            return _release(session)
        case Lose():
            return _lose(command, session)
        case _:
            assert_never(command)


def _stock(command: Stock, session: Session | None) -> list[SessionEvent]:
    if session is not None:
        return []
    return [
        SessionStocked(
            session=command.session,
            telegram_user=command.telegram_user,
            phone=command.phone,
            pair=command.pair,
        )
    ]


def _assign(command: Assign, session: Session | None) -> list[SessionEvent]:
    match session:
        case Unused(pair=own) if own not in {None, command.pair}:
            raise Refused("pair_fixed", f"session {session.session} connects through {own} only")
        case Unused():
            return [SessionAssigned(session=session.session, adbot=command.adbot, pair=command.pair)]
        case Assigned(adbot=adbot) if adbot == command.adbot:
            return []
        case Assigned():
            raise Refused("session_taken", f"session {session.session} is on adbot {session.adbot}")
        case Lost():
            raise Refused("session_lost", f"session {session.session} is {session.loss}")
        case None:
            raise Refused("unknown_session")
        case _:
            assert_never(session)


def _release(session: Session | None) -> list[SessionEvent]:
    match session:
        case Assigned():
            return [SessionReleased(session=session.session, adbot=session.adbot)]
        case Unused() | Lost():
            return []
        case None:
            raise Refused("unknown_session")
        case _:
            assert_never(session)


def _lose(command: Lose, session: Session | None) -> list[SessionEvent]:
    match session:
        case Lost():
            return []
        case Unused() | Assigned():
            adbot = session.adbot if isinstance(session, Assigned) else None
            return [
                SessionLost(
                    session=session.session,
                    adbot=adbot,
                    loss=command.loss,
                    error=command.error,
                    reason=command.reason,
                )
            ]
        case None:
            raise Refused("unknown_session")
        case _:
            assert_never(session)


def evolve(session: Session | None, event: SessionEvent) -> Session:
    """Return the session after ``event``."""
    match event, session:
        case SessionStocked(), None:
            return Unused(event.session, event.pair)
        case SessionAssigned(), Unused():
            return Assigned(event.session, event.adbot, event.pair, own=session.pair is not None)
        case SessionReleased(), Assigned():
            return Unused(event.session, session.pair if session.own else None)
        case SessionLost(), Unused() | Assigned():
            return Lost(event.session, event.loss)
        case _:
            message = f"{type(event).__name__} can't follow {session}"
            raise ImpossibleEvent(message)


def correlated_with(command: Command, _: str) -> str | None:
    """Return the stream of the adbot that a session is assigned to, even if another one's event freed it."""
    return ADBOT.stream(command.adbot) if isinstance(command, Assign) else None


SESSION: Decider[Command, Session, SessionEvent] = Decider(
    "session", decide, evolve, correlated_with=correlated_with
)
