"""The reasons why an order may need a person."""

from enum import StrEnum


class AttentionKind(StrEnum):
    """The reason why an order needs a person."""

    OVERPAID = "overpaid"
    """More than the requested amount was received, by a noticeable share; the operator decides on it."""
    PARTIALLY_PAID = "partially_paid"
    """A part was received, and nothing more for a day."""
    ON_THE_WAY = "on_the_way"
    """A payment was seen, and for a day it was not received, or it failed without a reported sum."""
    WRONG_COIN = "wrong_coin"
    """The payment was received in another coin than the requested one."""
    UNMATCHED_PAYMENT = "unmatched_payment"
    """The provider reports a payment that is not the requested one, for example with another price."""
    UNKNOWN_STATUS = "unknown_status"
    """The provider reports a status of the payment that is unknown here."""
    UNCOUNTED_MONEY = "uncounted_money"
    """The provider reports money with a status of failure, refund, or one that is unknown here."""
    DEPOSIT_ON_THE_WAY = "deposit_on_the_way"
    """A deposit was seen, and for a day it was neither received nor failed."""
    SECOND_PAYMENT = "second_payment"
    """An account paid two orders of the same plan that were open at once; both are delivered."""
    DEPOSIT_AFTER_REFUND = "deposit_after_refund"
    """A deposit was received after the order was refunded."""
    NOT_DELIVERED = "not_delivered"
    """The order is paid, and was not delivered within minutes."""
    SEATS_AWAITED = "seats_awaited"
    """The order is paid, and `amount` of its adbot's seats await stock."""
