"""What may be asked of a session."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import AdbotId, ApplicationId, SessionId, SessionLoss


@dataclass(frozen=True)
class Stock:
    """Put a session into stock, with the Telegram application that it was uploaded with, if any."""

    session: SessionId
    telegram_user: int
    phone: str
    pair: ApplicationId | None
    at: datetime


@dataclass(frozen=True)
class Assign:
    """Give a session to an adbot."""

    adbot: AdbotId
    pair: ApplicationId
    at: datetime


@dataclass(frozen=True)
class Release:
    """Put an assigned session back into stock."""

    at: datetime


@dataclass(frozen=True)
class Lose:
    """Take note that a session can't be used any more."""

    loss: SessionLoss
    error: str
    at: datetime


Command = Stock | Assign | Release | Lose
