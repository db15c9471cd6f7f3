"""What may be asked of an API pair."""

from dataclasses import dataclass
from datetime import datetime

from libs.events.values import PairId


@dataclass(frozen=True)
class AddPair:
    """Let sessions be assigned with this pair."""

    pair: PairId
    api_id: int
    at: datetime


Command = AddPair
