"""How often one caller may do something."""

import pytest
from fastapi import Request

from services.gateway.api.limits import RateLimit, address_of
from services.gateway.api.problems import Denied


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_time_too_many_is_denied_until_the_window_has_passed() -> None:
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


def test_callers_do_not_share_a_limit() -> None:
    limit = RateLimit(1)
    limit.take("anna")
    limit.take("bert")


def test_whoever_may_not_is_told_without_counting() -> None:
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
def test_an_ipv6_customer_is_a_network(host: str, address: str) -> None:
    assert address_of(Request({"type": "http", "client": (host, 1), "headers": []})) == address
