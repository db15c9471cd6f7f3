"""What other services say of an adbot."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.scheduler import StopReason
from libs.events.values import AccountId, AdbotId, CycleId, Seat


@dataclass(frozen=True)
class Adbot:
    """What other services say of an adbot, as far as it was heard."""

    adbot: AdbotId
    account: AccountId
    correlation_id: UUID
    """That of the order which made it."""
    interval_seconds: int
    seats: tuple[Seat, ...]
    valid_until: datetime | None
    expired: bool
    suspended: bool
    ended_cycle: CycleId | None
    """The latest of its cycles that is known to be over."""
    private_ids: bool = False
    """Whether its account may name chats by private ids."""

    def over(self, at: datetime) -> bool:
        """Whether its plan has ended."""
        return self.expired or (self.valid_until is not None and at >= self.valid_until)

    def unfit(self, at: datetime) -> StopReason | None:
        """Return why it may not run, None if it may."""
        if self.suspended:
            return StopReason.SUSPENDED
        if self.over(at):
            return StopReason.EXPIRED
        return None if self.seats else StopReason.SEATLESS
