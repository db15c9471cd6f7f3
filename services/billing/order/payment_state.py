"""The states of a payment, and those that mean that money is on its way."""

from enum import StrEnum


class PaymentState(StrEnum):
    """The state of a payment, by the provider's names."""

    WAITING = "WAITING"
    CONFIRMING = "CONFIRMING"
    CONFIRMED = "CONFIRMED"
    SENDING = "SENDING"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    FINISHED = "FINISHED"
    REFUNDED = "REFUNDED"


STEP = {
    PaymentState.WAITING: 0,
    PaymentState.CONFIRMING: 1,
    PaymentState.CONFIRMED: 2,
    PaymentState.SENDING: 3,
    PaymentState.PARTIALLY_PAID: 4,
    PaymentState.FAILED: 5,
    PaymentState.EXPIRED: 5,
    PaymentState.FINISHED: 6,
    PaymentState.REFUNDED: 7,
}
"""The order of the steps; a payment moves only to a higher step."""

ON_THE_WAY = frozenset({PaymentState.CONFIRMING, PaymentState.CONFIRMED, PaymentState.SENDING})
"""The states of a payment that was seen: the order was paid in time, however long the chain takes."""
