"""The decisions about an adbot: its seats, its validity, its suspension."""

from datetime import datetime, timedelta
from typing import assert_never
from uuid import UUID, uuid5

from libs.events.provisioning import (
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatFilled,
    SeatLost,
    SeatsAwaited,
    SeatsReleased,
)
from libs.events.values import AdbotId, OrderNumber, Plan
from libs.eventsourcing import Decider, Refused
from services.provisioning.adbot.commands import (
    AwaitSeats,
    Command,
    Expire,
    Extend,
    FillSeat,
    LoseSeat,
    Provision,
    ReleaseSeats,
    Renew,
    Restore,
    Suspend,
)
from services.provisioning.adbot.state import Adbot, AdbotEvent, evolve

_ADBOTS = UUID("5d6f8a3e-0c1b-5e0e-9b57-2f6a0c4f7d11")


def adbot_of(order: OrderNumber) -> AdbotId:
    """Return the id of the one adbot that an order can create."""
    return AdbotId(uuid5(_ADBOTS, order))


def decide(command: Command, adbot: Adbot | None) -> list[AdbotEvent]:
    """Return the events of ``command``; none, if it is a duplicate."""
    if isinstance(command, Provision):
        return _provision(command) if adbot is None else []
    if adbot is None:
        raise Refused("unknown_adbot", _unknown(command))
    match command:
        case Renew():
            return _renew(command, adbot)
        case Extend():
            return [_extended(adbot, None, command.days, command.reason, command.at)]
        case FillSeat() | LoseSeat() | AwaitSeats():
            return _seat(command, adbot)
        case Expire() | ReleaseSeats():
            return _end(command, adbot)
        case Suspend() | Restore():
            return _hold(command, adbot)
        case _:
            assert_never(command)


def _unknown(command: Command) -> str:
    if isinstance(command, Renew):
        return f"order {command.order} is paid and renews adbot {command.adbot}, which is not there"
    return "there is no such adbot"


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
        valid_until=begun + timedelta(days=command.plan.validity_days) if begun else None,
    )
    return [provisioned, SeatsAwaited(adbot=command.adbot, missing=missing)] if missing else [provisioned]


def _renew(command: Renew, adbot: Adbot) -> list[AdbotEvent]:
    """Accept orders for the adbot's own plan only: days of a smaller plan are cheaper."""
    if command.order in adbot.orders:
        return []
    bought, plan = command.plan, adbot.plan
    if _terms(bought) != _terms(plan):
        raise Refused(
            "another_plan",
            f"order {command.order} is paid for {_said(bought)} and renews adbot {adbot.adbot}, which is "
            f"{_said(plan)}",
        )
    reason = f"renewed by order {command.order}"
    return [_extended(adbot, command.order, bought.validity_days, reason, command.at)]


def _terms(plan: Plan) -> tuple[int | None, ...]:
    return plan.sessions, plan.interval_seconds, plan.max_groups, plan.max_posts


def _said(plan: Plan) -> str:
    limits = ((plan.max_groups, "groups"), (plan.max_posts, "posts"))
    most = "".join(f", at most {limit} {what}" for limit, what in limits if limit is not None)
    return f"{plan.code} ({plan.sessions} sessions, every {plan.interval_seconds} s{most})"


def _extended(adbot: Adbot, order: OrderNumber | None, days: int, reason: str, at: datetime) -> AdbotExtended:
    begun, end = adbot.lasts(days, at)
    return AdbotExtended(
        adbot=adbot.adbot,
        account=adbot.account,
        order=order,
        days=days,
        reason=reason,
        valid_from=begun,
        valid_until=end,
    )


def _seat(command: FillSeat | LoseSeat | AwaitSeats, adbot: Adbot) -> list[AdbotEvent]:
    match command:
        case FillSeat():
            return _fill(command, adbot)
        case LoseSeat():
            if not adbot.sits(command.session):
                return []
            return [SeatLost(adbot=adbot.adbot, session=command.session, loss=command.loss)]
        case AwaitSeats():
            return [SeatsAwaited(adbot=adbot.adbot, missing=adbot.missing)] if adbot.missing else []
        case _:
            assert_never(command)


def _fill(command: FillSeat, adbot: Adbot) -> list[AdbotEvent]:
    if adbot.sits(command.seat.session):
        return []
    if adbot.expired:
        raise Refused("adbot_expired")
    if adbot.suspended:
        raise Refused("adbot_suspended")
    if not adbot.missing:
        raise Refused("no_seat_waiting")
    begun, end = adbot.begins(command.at)
    return [SeatFilled(adbot=adbot.adbot, seat=command.seat, valid_from=begun, valid_until=end)]


def _end(command: Expire | ReleaseSeats, adbot: Adbot) -> list[AdbotEvent]:
    match command:
        case Expire():
            ends = adbot.over(command.at) and not adbot.expired
            return [AdbotExpired(adbot=adbot.adbot)] if ends else []
        case ReleaseSeats():
            ended = adbot.valid_until if adbot.expired and not adbot.released else None
            over = ended is not None and command.at >= ended + command.grace
            return [SeatsReleased(adbot=adbot.adbot)] if over else []
        case _:
            assert_never(command)


def _hold(command: Suspend | Restore, adbot: Adbot) -> list[AdbotEvent]:
    match command:
        case Suspend():
            return _suspend(command, adbot)
        case Restore():
            restores = adbot.with_account if command.with_account else adbot.suspended
            return [AdbotRestored(adbot=adbot.adbot)] if restores else []
        case _:
            assert_never(command)


def _suspend(command: Suspend, adbot: Adbot) -> list[AdbotEvent]:
    events: list[AdbotEvent] = []
    if not adbot.suspended or (adbot.with_account and not command.with_account):
        events.append(
            AdbotSuspended(adbot=adbot.adbot, reason=command.reason, with_account=command.with_account)
        )
    if command.release and adbot.seats:
        events.append(SeatsReleased(adbot=adbot.adbot))
    return events


def correlated_with(command: Command, stream: str) -> str | None:
    """Return the adbot's own stream for events about its seats, which another stream's event may cause."""
    return stream if isinstance(command, FillSeat | LoseSeat) else None


ADBOT: Decider[Command, Adbot, AdbotEvent] = Decider(
    "adbot", decide, evolve, continues=True, correlated_with=correlated_with
)
