"""What becomes of an adbot: its seats are filled and lost, its validity begins and ends."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID, uuid5

from libs.events.provisioning import AdbotExpired, AdbotProvisioned, SeatFilled, SeatLost, SeatsAwaited
from libs.events.values import AccountId, AdbotId, OrderNumber, Plan, Seat, SessionId, SessionLoss
from libs.eventsourcing.decider import Decider, ImpossibleEvent, Refused

_ADBOTS = UUID("5d6f8a3e-0c1b-5e0e-9b57-2f6a0c4f7d11")


def adbot_of(order: OrderNumber) -> AdbotId:
    """Return the one adbot that can come of an order."""
    return AdbotId(uuid5(_ADBOTS, order))


# -- what is asked


@dataclass(frozen=True)
class Provision:
    """Make the adbot that was paid for, with these of its seats filled."""

    adbot: AdbotId
    order: OrderNumber
    account: AccountId
    plan: Plan
    seats: tuple[Seat, ...]
    at: datetime


@dataclass(frozen=True)
class FillSeat:
    """Put a session on a waiting seat."""

    seat: Seat
    at: datetime


@dataclass(frozen=True)
class LoseSeat:
    """Take note that a session left its seat."""

    session: SessionId
    loss: SessionLoss
    at: datetime


@dataclass(frozen=True)
class Expire:
    """End the plan, if its time has come."""

    at: datetime


Command = Provision | FillSeat | LoseSeat | Expire
AdbotEvent = AdbotProvisioned | SeatsAwaited | SeatFilled | SeatLost | AdbotExpired

# -- what is so


@dataclass(frozen=True)
class Adbot:
    """Seats are waiting while there are fewer than the plan has; validity runs from the first one filled."""

    adbot: AdbotId
    plan: Plan
    seats: tuple[Seat, ...]
    valid_from: datetime | None
    valid_until: datetime | None
    expired: bool = False

    @property
    def missing(self) -> int:
        """How many seats have no session."""
        return self.plan.sessions - len(self.seats)

    def sits(self, session: SessionId) -> bool:
        """Whether a session is on one of the seats."""
        return any(seat.session == session for seat in self.seats)


def decide(command: Command, adbot: Adbot | None) -> list[AdbotEvent]:
    """Return what follows from ``command``; nothing, if it already happened."""
    if isinstance(command, Provision):
        return _provision(command) if adbot is None else []
    if adbot is None:
        raise Refused("unknown_adbot")
    match command:
        case FillSeat():
            return _fill(command, adbot)
        case LoseSeat():
            if not adbot.sits(command.session):
                return []
            return [SeatLost(adbot=adbot.adbot, session=command.session, loss=command.loss)]
        case Expire():
            over = adbot.valid_until is not None and command.at >= adbot.valid_until
            return [AdbotExpired(adbot=adbot.adbot)] if over and not adbot.expired else []
        case _:
            assert_never(command)


def _provision(command: Provision) -> list[AdbotEvent]:
    missing = command.plan.sessions - len(command.seats)
    if missing < 0:
        raise Refused("too_many_seats", f"{command.plan.code} has {command.plan.sessions} seats")
    begun = command.at if command.seats else None
    provisioned = AdbotProvisioned(
        adbot=command.adbot,
        order=command.order,
        account=command.account,
        plan=command.plan,
        seats=command.seats,
        valid_from=begun,
        valid_until=_end(command.plan, begun) if begun else None,
    )
    return [provisioned, SeatsAwaited(adbot=command.adbot, missing=missing)] if missing else [provisioned]


def _fill(command: FillSeat, adbot: Adbot) -> list[AdbotEvent]:
    if adbot.sits(command.seat.session):
        return []
    if adbot.expired:
        raise Refused("adbot_expired")
    if not adbot.missing:
        raise Refused("no_seat_waiting")
    begun = adbot.valid_from or command.at
    end = adbot.valid_until or _end(adbot.plan, begun)
    return [SeatFilled(adbot=adbot.adbot, seat=command.seat, valid_from=begun, valid_until=end)]


def _end(plan: Plan, begun: datetime) -> datetime:
    return begun + timedelta(days=plan.validity_days)


def evolve(adbot: Adbot | None, event: AdbotEvent) -> Adbot:
    """Return the adbot after ``event``."""
    if isinstance(event, AdbotProvisioned):
        if adbot is not None:
            message = f"adbot {adbot.adbot} was provisioned twice"
            raise ImpossibleEvent(message)
        return Adbot(event.adbot, event.plan, event.seats, event.valid_from, event.valid_until)
    if adbot is None:
        message = f"{type(event).__name__} stands before the adbot was provisioned"
        raise ImpossibleEvent(message)
    match event:
        case SeatsAwaited():
            return adbot
        case SeatFilled():
            return replace(
                adbot,
                seats=(*adbot.seats, event.seat),
                valid_from=event.valid_from,
                valid_until=event.valid_until,
            )
        case SeatLost():
            return replace(adbot, seats=tuple(seat for seat in adbot.seats if seat.session != event.session))
        case AdbotExpired():
            return replace(adbot, expired=True)
        case _:
            assert_never(event)


ADBOT: Decider[Command, Adbot, AdbotEvent] = Decider("adbot", decide, evolve)
