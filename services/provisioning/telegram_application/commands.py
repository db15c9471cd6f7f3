"""The commands to a Telegram application."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import ApplicationId


@dataclass(frozen=True)
class AddApplication:
    """Add a Telegram application, which sessions can then be assigned with."""

    pair: ApplicationId
    api_id: int
    at: datetime


Command = AddApplication
