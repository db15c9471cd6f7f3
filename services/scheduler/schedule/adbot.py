"""The facts about an adbot from other services' events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.scheduler import StopReason
from libs.events.values import AccountId, AdbotId, CycleId, Seat


@dataclass(frozen=True)
class Adbot:
    """The facts about an adbot from other services' events, which may lag."""

    adbot: AdbotId
    account: AccountId
    correlation_id: UUID
    """The correlation id of the order that created it."""
    interval_seconds: int
    seats: tuple[Seat, ...]
    valid_until: datetime | None
    expired: bool
    suspended: bool
    ended_cycle: CycleId | None
    """Its latest cycle that is known to have ended."""
    private_ids: bool = False
    """Its account may name chats by private ids."""

    def over(self, at: datetime) -> bool:
        """Return whether its validity has ended."""
        return self.expired or (self.valid_until is not None and at >= self.valid_until)

    def unfit(self, at: datetime) -> StopReason | None:
        """Return why it may not run, None if it may."""
        if self.suspended:
            return StopReason.SUSPENDED
        if self.over(at):
            return StopReason.EXPIRED
        return None if self.seats else StopReason.SEATLESS
