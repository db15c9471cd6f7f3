"""Limits of sessions promised to unpaid orders: of one client, and in total."""

from dataclasses import dataclass

from libs.events.values import Plan
from libs.eventsourcing import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of sessions promised to unpaid orders.

    `share` is a part of the sessions that are free or promised to unpaid orders.
    """

    per_account: int
    per_address: int
    share: float


@dataclass(frozen=True, slots=True)
class Unpaid:
    """The number of sessions promised to unpaid orders: of one account, of one network address, in total."""

    account: int = 0
    address: int = 0
    together: int = 0


NOTHING_UNPAID = Unpaid()


def check_stock(plan: Plan, available: int, unpaid: Unpaid, limits: Limits | None) -> None:
    """Raise `Refused` if the stock does not suffice for an order, or a limit of unpaid orders is exceeded."""
    if plan.sessions > available:
        raise Refused("insufficient_stock", f"{plan.name} needs {plan.sessions} sessions, too many for now")
    if limits is not None and _too_many(plan.sessions, unpaid, available, limits):
        raise Refused(
            "too_many_unpaid_orders",
            "other orders of this e-mail address or network wait to be paid: pay or cancel one, or try later",
        )


def _too_many(sessions: int, unpaid: Unpaid, available: int, limits: Limits) -> bool:
    """Return whether an order of so many sessions would exceed a limit of unpaid orders.

    A client's first unpaid order never does: whatever is promised to others, any plan for which the stock
    suffices can be bought.
    """
    if not unpaid.account and not unpaid.address:
        return False
    return (
        unpaid.account + sessions > limits.per_account
        or unpaid.address + sessions > limits.per_address
        or unpaid.together + sessions > limits.share * (available + unpaid.together)
    )
