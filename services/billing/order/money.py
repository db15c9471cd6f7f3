"""What came for an order, counted by payment."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TypeAlias

from libs.events.billing import UnmatchedPaymentReported
from libs.events.values import PaymentId

Sums: TypeAlias = Mapping[tuple[PaymentId, str], Decimal]
"""The largest amount reported of each payment in each coin, by the provider's own code of the coin."""


def _no_deposits() -> Mapping[PaymentId, Decimal]:
    return {}


def _no_sums() -> Sums:
    return {}


@dataclass(frozen=True, slots=True)
class Money:
    """What came for an order, in units of the coin that was asked for, and what was odd about it."""

    own: Decimal = Decimal(0)
    """What the order's own payment received."""
    seen: bool = False
    """Whether the order's own payment was ever seen on its way, whatever became of it."""
    total_reported: Decimal = Decimal(0)
    """The total of the last event that reported one: too little, enough, or too much."""
    deposits: Mapping[PaymentId, Decimal] = field(default_factory=_no_deposits)
    """What each further deposit brought."""
    on_the_way: Sums = field(default_factory=_no_sums)
    given_up: Sums = field(default_factory=_no_sums)
    """The amounts reported that count only once they settle, of the order's own payment too."""
    refunded: Sums = field(default_factory=_no_sums)
    """The refunds reported that did not change the order."""
    in_another_coin: Sums = field(default_factory=_no_sums)
    unknown: frozenset[tuple[PaymentId, str]] = frozenset()
    unmatched: tuple[UnmatchedPaymentReported, ...] = ()
    """What was reported and does not match the order; none of it is counted."""

    @property
    def deposited(self) -> Decimal:
        """What further deposits brought, in all."""
        return sum(self.deposits.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        """All that came and counts."""
        return self.own + self.deposited

    @property
    def none_came(self) -> bool:
        """Whether there is nothing that could go back, not even what does not count or was only seen."""
        uncounted = self.on_the_way or self.given_up or self.in_another_coin or self.unmatched
        return not (self.total or uncounted or self.seen)

    def is_deposit(self, payment: PaymentId) -> bool:
        """Say whether a payment, not the order's own, was reported as a deposit to it."""
        reported = (*self.on_the_way, *self.given_up, *self.in_another_coin, *self.unknown)
        return payment in self.deposits or any(known == payment for known, _ in reported)

    def with_total(self, total: Decimal) -> "Money":
        """Return it with a reported total; what the deposits did not bring, the payment itself did."""
        return replace(self, total_reported=total, own=total - self.deposited)


NO_MONEY = Money()
