"""What may be asked of an API pair."""

from dataclasses import dataclass

from libs.events.values import PairId


@dataclass(frozen=True)
class Import:
    """Take an API pair whose hash lies in the vault."""

    pair: PairId
    api_id: int


Command = Import
