"""The facts about an adbot from other services' events."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from libs.events.results import NotYetKnown
from libs.events.scheduler import StopReason
from libs.events.values import AccountId, AdbotId, CycleId, Seat
from libs.eventsourcing import Refused


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
    max_groups: int | None = None
    """Its plan's limit, None if it has none; the same holds for `max_posts`."""
    max_posts: int | None = None

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


def owned(adbot: Adbot | None, account: AccountId | None) -> Adbot:
    """Return the adbot if `account` may command it; this is the only check.

    The refusal is the same for another account's adbot as for an unknown one.
    """
    detail = "there is no such adbot" if account is None else "you have no adbot of this id"
    if adbot is None:
        raise NotYetKnown("unknown_adbot", detail)
    if account not in {None, adbot.account}:
        raise Refused("unknown_adbot", detail)
    return adbot
