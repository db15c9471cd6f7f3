"""The routes that existing front ends call, as the OpenAPI document describes them."""

from decimal import Decimal
from typing import Any

import pytest

from adrelay.compatible_page import compatible_page
from libs.eventsourcing.values import utc_now
from services.gateway.api.app import make_app
from services.gateway.api.compat.payment import TheirPaymentStatus, status_of_payment
from services.gateway.api.describing.translated import TRANSLATED
from services.gateway.tables.order_lines import PaymentState
from services.gateway.tables.orders import OrderStatus, PaymentStatus

ROUTES = """
POST /bot/register-user
POST /register
POST /bot/start
POST /bot/stop
POST /bot/update-post
POST /bot/update-groups
GET /bot/config
POST /bot/config
GET /bot/state
GET /bot/status
GET /bot/validate-post
GET /sync/state
POST /adbot/start
POST /adbot/stop
GET /adbot/logs/{adbot_id}
GET /health
POST /auth/verify-access-code
POST /auth/refresh
GET /auth/me
POST /payment/create
GET /payment/status
POST /payment/webhook
GET /user/adbots
GET /user/orders
GET /user/notifications
GET /user/stats
GET /user/status
GET /user/advertisement
POST /user/advertisement
POST /adbots/{adbot_id}/start
POST /adbots/{adbot_id}/stop
GET /adbots/{adbot_id}/logs
GET /admin/dashboard
GET /admin/users
POST /admin/users
GET /admin/adbots
GET /admin/products
POST /admin/products
GET /admin/stock/overview
GET /admin/stats
POST /admin/users/{account}/suspend
POST /admin/users/{account}/reset-code
POST /admin/adbots/{adbot_id}/extend
POST /admin/stock/upload
"""
"""Every route that an existing front end calls."""


def operations() -> dict[str, tuple[str, dict[str, Any]]]:
    """Return the operations by id, each with its method and path."""
    return {
        operation["operationId"]: (f"{method.upper()} {path}", operation)
        for path, methods in make_app().openapi()["paths"].items()
        for method, operation in methods.items()
    }


def test_every_route_of_existing_front_ends_is_there_and_marked_as_deprecated() -> None:
    found = {
        route.replace("/api", "", 1)
        for route, operation in operations().values()
        if operation["tags"] == ["compat"] and operation["deprecated"]
    }
    assert found == set(ROUTES.split("\n")[1:-1])


def test_each_says_which_operations_of_version_1_it_calls() -> None:
    known = operations()
    assert set(TRANSLATED) == {name for name, (_, one) in known.items() if one["tags"] == ["compat"]}
    called = {name for names in TRANSLATED.values() for name in names}
    assert {name for name in called if not known[name][0].partition(" ")[2].startswith("/api/v1/")} == set()


def test_the_page_has_every_route() -> None:
    routes = {line.split("`")[1] for line in compatible_page().splitlines() if line.startswith("| `")}
    assert routes == {route for name, (route, _) in operations().items() if name in TRANSLATED}


def state(order: OrderStatus, payment: PaymentStatus) -> PaymentState:
    now = utc_now()
    return PaymentState(
        order_number="HQADZ-MWPM0SFH-9J8ZHS6IAHLL",
        order_status=order,
        payment_status=payment,
        status=payment,
        plan="bronze",
        price_usd=Decimal(30),
        pay_currency="BTC",
        pay_address=None,
        memo=None,
        amount=None,
        paid=None,
        missing=None,
        expires_at=now,
        updated_at=now,
    )


@pytest.mark.parametrize(
    ("order", "payment", "status"),
    [
        ("PENDING", "REQUESTED", "pending"),
        ("PENDING", "WAITING", "pending"),
        ("PENDING", "CONFIRMING", "confirming"),
        ("PENDING", "CONFIRMED", "confirming"),
        ("PENDING", "SENDING", "confirming"),
        ("PENDING", "PARTIALLY_PAID", "partial"),
        ("PENDING", "FAILED", "failed"),
        ("PENDING", "EXPIRED", "expired"),
        ("PAID", "FINISHED", "paid"),
        ("FULFILLED", "FINISHED", "paid"),
        ("PAID", "WAITING", "paid"),
        ("FULFILLED", "REFUNDED", "refunded"),
        ("REFUNDED", "REFUNDED", "refunded"),
        ("EXPIRED", "WAITING", "expired"),
        ("CANCELLED", "PARTIALLY_PAID", "expired"),
        ("EXPIRED", "CONFIRMING", "confirming"),
        ("EXPIRED", "FAILED", "failed"),
    ],
)
def test_a_payment_has_one_word_for_its_statuses(order: str, payment: str, status: str) -> None:
    found = status_of_payment(state(OrderStatus(order), PaymentStatus(payment)))
    assert found is TheirPaymentStatus(status)


def test_every_pair_of_statuses_has_a_word() -> None:
    words = {status_of_payment(state(order, payment)) for order in OrderStatus for payment in PaymentStatus}
    assert words == set(TheirPaymentStatus)
