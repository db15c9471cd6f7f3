"""The limits on sessions promised to unpaid orders: of one client, and in total."""

from dataclasses import dataclass

from libs.events.values import Plan
from libs.eventsourcing import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """How many promised sessions may be unpaid. `share` is a part of all that are free or promised unpaid."""

    per_email: int
    per_address: int
    share: float


@dataclass(frozen=True, slots=True)
class Unpaid:
    """How many sessions unpaid orders are promised: those of one e-mail, of one address, of everybody."""

    email: int = 0
    address: int = 0
    together: int = 0


NOTHING_UNPAID = Unpaid()


def check_stock(plan: Plan, available: int, unpaid: Unpaid, limits: Limits | None) -> None:
    """Raise `Refused` if the stock does not suffice for an order, or unpaid ones keep too much of it."""
    if plan.sessions > available:
        raise Refused("insufficient_stock", f"{plan.name} needs {plan.sessions} sessions, too many for now")
    if limits is not None and _too_many(plan.sessions, unpaid, available, limits):
        raise Refused(
            "too_many_unpaid_orders",
            "other orders of this e-mail address or network wait to be paid: pay or cancel one, or try later",
        )


def _too_many(sessions: int, unpaid: Unpaid, available: int, limits: Limits) -> bool:
    """Say whether an order of so many sessions would promise too many that nobody pays for.

    The first unpaid order of a client is never one too many: whoever else holds what, any plan that the
    stock suffices for can be bought.
    """
    if not unpaid.email and not unpaid.address:
        return False
    return (
        unpaid.email + sessions > limits.per_email
        or unpaid.address + sessions > limits.per_address
        or unpaid.together + sessions > limits.share * (available + unpaid.together)
    )
