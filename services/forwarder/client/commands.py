"""What may be asked of a session as Telegram treats it."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import ErrorName, PairId, ResultClass, SessionId, SessionLoss


@dataclass(frozen=True)
class Import:
    """Take a session that signed in."""

    session: SessionId
    telegram_user: int
    phone: str
    pair: PairId | None
    at: datetime


@dataclass(frozen=True)
class Rest:
    """Have a session send nothing until a moment."""

    until: datetime
    result: ResultClass
    error: ErrorName
    at: datetime


@dataclass(frozen=True)
class Die:
    """Give a session up."""

    loss: SessionLoss
    error: ErrorName
    at: datetime


Command = Import | Rest | Die
