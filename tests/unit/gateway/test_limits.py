"""Rate limits per caller."""

from importlib import import_module
from pkgutil import walk_packages

import pytest
from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from services.gateway import api
from services.gateway.api.callers import buyer_of, marker_of, writer_of
from services.gateway.api.compat.adbots import writing_owner_or_operator
from services.gateway.api.requests.addresses import address_of
from services.gateway.api.requests.limits import DAY_SECONDS, FairLimit, LimitReached, RateLimit
from services.gateway.api.requests.problems import Denied
from tests.support.clock import Clock


def test_a_call_above_the_limit_is_denied_until_the_window_has_passed() -> None:
    clock = Clock()
    limit = RateLimit(2, clock=clock)
    limit.take("anna")
    clock.now += 20
    limit.take("anna")
    with pytest.raises(Denied) as denied:
        limit.take("anna")
    assert (denied.value.status, denied.value.headers["Retry-After"]) == (429, "40")
    clock.now += 40
    limit.take("anna")


def test_a_window_may_be_a_day() -> None:
    clock = Clock()
    limit = RateLimit(1, window_seconds=DAY_SECONDS, clock=clock)
    limit.take("anna")
    clock.now += 86_000
    with pytest.raises(Denied) as denied:
        limit.take("anna")
    assert denied.value.headers["Retry-After"] == "400"
    clock.now += 400
    limit.take("anna")


def test_callers_do_not_share_a_limit() -> None:
    limit = RateLimit(1)
    limit.take("anna")
    limit.take("bert")


def test_checking_an_exhausted_limit_is_not_counted() -> None:
    clock = Clock()
    limit = RateLimit(2, clock=clock)
    limit.take("anna")
    assert [limit.exhausted("anna") for _ in range(5)] == [False] * 5
    limit.take("anna")
    assert limit.exhausted("anna")
    assert not limit.exhausted("bert")
    clock.now += 60
    assert not limit.exhausted("anna")


def test_callers_are_forgotten_after_a_minute() -> None:
    clock = Clock()
    limit = RateLimit(2, clock=clock)
    for number in range(1000):
        limit.take(f"caller {number}")
        clock.now += 0.5
    assert limit.callers == 120


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "20010db800010002/64"),
        ("2001:db8:1:2::9", "20010db800010002/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_ipv6_callers_are_limited_by_network(host: str, address: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == address


def test_one_caller_takes_its_share_of_concurrent_calls_and_no_more() -> None:
    limit = FairLimit(3, of_caller=2)
    with limit.slot("a"), limit.slot("a"):
        with pytest.raises(LimitReached), limit.slot("a"):
            pass
        with limit.slot("b"), pytest.raises(LimitReached), limit.slot("c"):
            pass
    assert limit.callers == 0


FREE = {
    "check_out",
    "sign_in",
    "refresh_tokens",
    "sign_out",
    "issue_ticket",
    "record_notification",
    "validate_post",
    *("create_payment", "verify_access_code", "refresh_token_of_user", "record_payment_notification"),
}
"""Routes with other limits: per address and e-mail, and by concurrency; a device signs out once; of
tickets by account. One that causes no event. And those of existing front ends, which call some of these."""


def test_every_route_by_which_a_client_causes_an_event_is_limited() -> None:
    modules = [import_module(found.name) for found in walk_packages(api.__path__, f"{api.__name__}.")]
    written = [
        route
        for module in modules
        for route in getattr(module, "router", APIRouter()).routes
        if isinstance(route, APIRoute) and route.methods != {"GET"} and "/admin" not in route.path
    ]
    unlimited = {
        route.name
        for route in written
        if not {writer_of, buyer_of, marker_of, writing_owner_or_operator}
        & {needed.call for needed in route.dependant.dependencies}
    }
    assert unlimited <= FREE, unlimited
    assert {"set_advertisement", "start_adbot", "stop_adbot", "renew_adbot", "cancel_order"} <= {
        route.name for route in written
    }
