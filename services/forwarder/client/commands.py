"""The commands to a session in Telegram."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import ApplicationId, ErrorName, Method, ResultClass, SessionId, SessionLoss


@dataclass(frozen=True)
class Import:
    """Import a session that has signed in."""

    session: SessionId
    telegram_user: int
    phone: str
    pair: ApplicationId | None
    at: datetime


@dataclass(frozen=True)
class Pause:
    """Pause a session until an instant: it sends nothing before."""

    until: datetime
    result: ResultClass
    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class RestMethod:
    """Let a method of a session rest until an instant; the session goes on with what does not need it."""

    method: Method
    until: datetime
    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class Die:
    """Mark a session dead: it is never used again."""

    loss: SessionLoss
    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class MarkUnreachable:
    """Note that a session can't connect since an instant."""

    error: ErrorName
    since: datetime


@dataclass(frozen=True)
class MarkReachable:
    """Note that a session was reached."""


Command = Import | Pause | RestMethod | Die | MarkUnreachable | MarkReachable
