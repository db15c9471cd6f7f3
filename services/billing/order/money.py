"""The money of an order, by payment."""

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
    """The money received for an order, in units of the requested coin, and unusual reports of it."""

    own: Decimal = Decimal(0)
    """The amount that the order's own payment received."""
    seen: bool = False
    """The order's own payment was seen on its way at some time, whatever its outcome."""
    total_reported: Decimal = Decimal(0)
    """The total of the last event that reported one: too little, enough, or too much."""
    deposits: Mapping[PaymentId, Decimal] = field(default_factory=_no_deposits)
    """The counted amount of each further deposit."""
    on_the_way: Sums = field(default_factory=_no_sums)
    given_up: Sums = field(default_factory=_no_sums)
    """Amounts that were reported and do not count until they are final, also of the order's own payment."""
    refunded: Sums = field(default_factory=_no_sums)
    """Refunds that were reported while the order stayed as it was."""
    in_another_coin: Sums = field(default_factory=_no_sums)
    unknown: frozenset[tuple[PaymentId, str]] = frozenset()
    unmatched: tuple[UnmatchedPaymentReported, ...] = ()
    """Reports that do not match the order; none of their amounts is counted."""

    @property
    def deposited(self) -> Decimal:
        """The sum of the further deposits."""
        return sum(self.deposits.values(), Decimal(0))

    @property
    def total(self) -> Decimal:
        """The counted sum."""
        return self.own + self.deposited

    @property
    def none_came(self) -> bool:
        """Nothing was received that could be refunded, not even uncounted money or a payment on its way."""
        uncounted = self.on_the_way or self.given_up or self.in_another_coin or self.unmatched
        return not (self.total or uncounted or self.seen)

    def is_deposit(self, payment: PaymentId) -> bool:
        """Return whether a payment was reported as a deposit to the order's own payment."""
        reported = (*self.on_the_way, *self.given_up, *self.in_another_coin, *self.unknown)
        return payment in self.deposits or any(known == payment for known, _ in reported)

    def with_total(self, total: Decimal) -> "Money":
        """Return the money with a reported total; the part that is not of deposits is the own payment's."""
        return replace(self, total_reported=total, own=total - self.deposited)


NO_MONEY = Money()
