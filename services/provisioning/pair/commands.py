"""The commands to a Telegram application."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import PairId


@dataclass(frozen=True)
class AddPair:
    """Add a Telegram application, which sessions can then be assigned with."""

    pair: PairId
    api_id: int
    at: datetime


Command = AddPair
