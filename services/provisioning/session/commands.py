"""The commands to a session."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import AdbotId, ApplicationId, SessionId, SessionLoss


@dataclass(frozen=True)
class Stock:
    """Add a session to the stock. `pair` is the Telegram application that it was uploaded with, if any."""

    session: SessionId
    telegram_user: int
    phone: str
    pair: ApplicationId | None
    at: datetime


@dataclass(frozen=True)
class Assign:
    """Assign a session to an adbot."""

    adbot: AdbotId
    pair: ApplicationId
    at: datetime


@dataclass(frozen=True)
class Release:
    """Return an assigned session to stock."""

    at: datetime


@dataclass(frozen=True)
class Lose:
    """Record that a session can't be used any more. `reason` is an operator's, who retires it."""

    loss: SessionLoss
    error: str
    at: datetime
    reason: str | None = None


Command = Stock | Assign | Release | Lose
