"""Codes of problems with plans, orders and payments."""

from http import HTTPStatus

from services.gateway.api.requests.codes.meaning import (
    BAD,
    CONFLICT,
    INVALID,
    MISSING,
    UNAUTHORIZED,
    UNAVAILABLE,
    Codes,
    Meaning,
)

ORDERS: Codes = {
    "unknown_plan": Meaning(MISSING, "No such plan is on sale.", "Choose one of `GET /catalogue`."),
    "unsupported_coin": Meaning(INVALID, "The coin is not accepted.", "Choose one of `GET /coins`."),
    "below_minimum": Meaning(
        CONFLICT,
        "The price is below the smallest payment that is possible in this coin.",
        "Choose another coin.",
    ),
    "insufficient_stock": Meaning(
        CONFLICT,
        "There are not enough free sessions for the plan.",
        "Try again later, or choose a plan with fewer sessions.",
    ),
    "too_many_unpaid_orders": Meaning(
        CONFLICT,
        "Other orders of the same e-mail address or network address wait to be paid.",
        "Pay or cancel one, or try again later.",
    ),
    "another_plan": Meaning(
        CONFLICT,
        "The code of the adbot's plan names a plan with other terms by now.",
        "Order a new adbot instead of a renewal.",
    ),
    "another_price": Meaning(
        CONFLICT,
        "The front end shows another price than the catalogue; `detail` has the catalogue's.",
        "Show the price of `GET /catalogue`, and send it or none.",
    ),
    "unknown_order": Meaning(
        MISSING, "There is no such order, or it is another account's.", "Check the order's number."
    ),
    "order_paid": Meaning(CONFLICT, "The order is paid.", "It can't be cancelled; ask the operator."),
    "order_expired": Meaning(CONFLICT, "The order was not paid in time.", "Check out again."),
    "order_cancelled": Meaning(CONFLICT, "The order was cancelled.", "Check out again."),
    "order_refunded": Meaning(CONFLICT, "The order was refunded.", "Nothing follows; check out again."),
    "money_on_the_way": Meaning(
        CONFLICT, "A payment of the order is on its way.", "Wait until it has arrived."
    ),
    "nothing_received": Meaning(
        CONFLICT, "No money came for the order, so there is none to refund.", "Cancel the order instead."
    ),
    "payment_declined": Meaning(
        HTTPStatus.BAD_GATEWAY,
        "The payment provider refuses to create this payment.",
        "Choose another coin, or tell the operator.",
    ),
    "provider_unavailable": Meaning(
        UNAVAILABLE,
        "The payment provider does not answer. The order is kept.",
        "Repeat the same request after `Retry-After` seconds: it continues with the same order.",
    ),
    "already_listed": Meaning(
        CONFLICT, "A plan of this code with other terms is on sale.", "Retire it first, or use another code."
    ),
    "interval_too_long": Meaning(
        INVALID, "The plan's interval is longer than it is valid.", "Set a shorter interval."
    ),
}
NOTIFICATIONS: Codes = {
    "bad_signature": Meaning(
        UNAUTHORIZED,
        "The notification was not signed with the provider's secret.",
        "Compare the IPN secret of both sides.",
    ),
    "malformed_notification": Meaning(BAD, "The notification can't be read.", "Nothing: it is not recorded."),
    "wrong_payment": Meaning(
        INVALID,
        "The payment does not belong to the order. Money is recorded for the operator.",
        "Nothing: the operator looks at the order.",
    ),
    "wrong_amount": Meaning(
        INVALID,
        "The price or the amount is not the order's. Money is recorded for the operator.",
        "Nothing: the operator looks at the order.",
    ),
}
