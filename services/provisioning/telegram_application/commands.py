"""The command of a Telegram application."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import ApplicationId


@dataclass(frozen=True)
class AddApplication:
    """Let sessions be assigned with this application."""

    pair: ApplicationId
    api_id: int
    at: datetime


Command = AddApplication
