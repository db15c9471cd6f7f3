"""Why an order may need a person."""

from enum import StrEnum


class AttentionKind(StrEnum):
    """Why an order needs a person."""

    OVERPAID = "overpaid"
    """More came than was asked for: give the excess back, or not."""
    PARTIALLY_PAID = "partially_paid"
    """A part came, and for a day nothing more."""
    ON_THE_WAY = "on_the_way"
    """Money was seen, and for a day it did not arrive, or it was given up without a word of its sum."""
    WRONG_COIN = "wrong_coin"
    """Money came in another coin than was asked for."""
    UNMATCHED_PAYMENT = "unmatched_payment"
    """The provider says that money came, but not for what was asked for: by another payment or price, say."""
    UNKNOWN_STATUS = "unknown_status"
    """The provider says something of the payment that nobody knows."""
    UNCOUNTED_MONEY = "uncounted_money"
    """Money came that the provider gave up, gave back, or calls something that nobody knows."""
    DEPOSIT_ON_THE_WAY = "deposit_on_the_way"
    """Further money was seen, and for a day it neither arrived nor was given up."""
    SECOND_PAYMENT = "second_payment"
    """The same account paid for the same plan by two orders that were open at once; both are delivered."""
    DEPOSIT_AFTER_REFUND = "deposit_after_refund"
    """Money came although the order's money goes back."""
    NOT_DELIVERED = "not_delivered"
    """It is paid, and for minutes nothing was delivered."""
    SEATS_AWAITED = "seats_awaited"
    """It is paid, and seats of its adbot wait for stock; `amount` is how many."""
