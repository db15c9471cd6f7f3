"""The names of events that a webhook may be told of, with a description each.

They are the names of live changes (`tables/changes.py`), without those of cycles: an adbot has three of each
cycle, which would be most of all messages; the log of deliveries shows them.
"""

from collections.abc import Mapping

TEST = "test"
"""The type of the message that an owner asks for to try a webhook; it can't be chosen."""

EVENT_NAMES: Mapping[str, str] = {
    "adbot.delivered": "An adbot was delivered for an order.",
    "adbot.seats_awaited": "An adbot has fewer seats than its plan until sessions are in stock.",
    "adbot.seat_filled": "An adbot got one of its missing seats.",
    "adbot.seat_lost": "An adbot lost a seat, because its session can't be used any more.",
    "adbot.expired": "An adbot's validity is over.",
    "adbot.extended": "An adbot is valid for longer.",
    "adbot.suspended": "An operator suspended an adbot.",
    "adbot.restored": "The suspension of an adbot ended.",
    "adbot.seats_released": "An expired adbot gave its sessions back.",
    "adbot.advertisement_set": "An adbot has other posts or groups.",
    "adbot.group_option_set": "A group of an adbot was paused, resumed, or spaced otherwise.",
    "adbot.pacing_set": "An adbot has other delays or another cadence.",
    "adbot.started": "An adbot was started.",
    "adbot.stopped": "An adbot was stopped, by its owner or because it can't go on.",
    "adbot.join_requested": "A seat asked to join a group, and an admin of the group has to approve.",
    "order.placed": "An order was placed.",
    "order.payment_requested": "An order has an address to pay to.",
    "order.payment_confirming": "A payment was seen and awaits confirmations.",
    "order.payment_confirmed": "A payment was confirmed.",
    "order.payment_sending": "A payment is being passed on by the provider.",
    "order.partially_paid": "A part of an order's amount was received.",
    "order.payment_finished": "An order was paid in full.",
    "order.payment_failed": "A payment failed.",
    "order.payment_expired": "A payment was not made in time.",
    "order.refunded": "An order's money was sent back.",
    "order.marked_paid": "An operator marked an order as paid.",
    "order.expired": "An order was not paid in time.",
    "order.cancelled": "An order was cancelled.",
    "order.fulfilled": "What was ordered was delivered.",
    "notification.raised": "The account got a notification.",
}
