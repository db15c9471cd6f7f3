"""The commands of a session: import, pause, die."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import ApplicationId, ErrorName, ResultClass, SessionId, SessionLoss


@dataclass(frozen=True)
class Import:
    """Take a session that signed in."""

    session: SessionId
    telegram_user: int
    phone: str
    pair: ApplicationId | None
    at: datetime


@dataclass(frozen=True)
class Pause:
    """Pause a session: it sends nothing until a moment."""

    until: datetime
    result: ResultClass
    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class Die:
    """Retire a session that Telegram no longer accepts."""

    loss: SessionLoss
    error: ErrorName
    at: datetime


Command = Import | Pause | Die
