"""Growing delays after wrong secrets, and limits whose counts can't be shared."""

from collections.abc import Sequence

import pytest

from services.gateway.api.requests.counters import Count
from services.gateway.api.requests.penalties import (
    FORGET_SECONDS,
    FREE,
    LONGEST_OF_NETWORK_SECONDS,
    LONGEST_SECONDS,
    NETWORK_TIMES,
    TOTAL_TIMES,
    Penalties,
    delay_seconds,
)
from services.gateway.api.requests.problems import Denied
from services.gateway.api.requests.shared_limits import SharedLimit
from tests.support.clock import Clock

ADDRESS, NETWORK = "192.0.2.1", "c00002/24"


class Alone:
    """Shares no counts, as without a database."""

    async def add(self, keys: Sequence[str], calls: int, window_seconds: float) -> list[Count] | None:
        del keys, calls, window_seconds
        return None


class Elsewhere:
    """Answers each count as if other processes had counted too."""

    def __init__(self, calls: int, seconds: float) -> None:
        self.count = Count(calls, seconds)
        self.asked = 0

    async def add(self, keys: Sequence[str], calls: int, window_seconds: float) -> list[Count] | None:
        del calls, window_seconds
        self.asked += 1
        return [self.count] * len(keys)


def penalties(clock: Clock) -> Penalties:
    return Penalties("p", Alone(), clock=clock)


def waiting(found: Penalties, address: str = ADDRESS, network: str = NETWORK) -> int:
    """Return the delay of an address in seconds."""
    try:
        found.check(address, network)
    except Denied as denied:
        return int(denied.headers["Retry-After"])
    return 0


@pytest.mark.parametrize(
    ("failures", "delay"), [(0, 0), (5, 0), (6, 1), (7, 2), (8, 4), (15, 512), (16, 600), (10**6, 600)]
)
def test_delays_double_up_to_ten_minutes(failures: int, delay: int) -> None:
    assert delay_seconds(failures) == delay


async def test_the_first_failures_of_an_address_have_no_delay() -> None:
    found = penalties(Clock())
    for _ in range(FREE):
        await found.fail(ADDRESS, NETWORK)
        assert waiting(found) == 0
    await found.fail(ADDRESS, NETWORK)
    assert waiting(found) == 1
    assert waiting(found, "192.0.2.2") == 0, "another address of the network"


async def test_delays_grow_and_end() -> None:
    clock = Clock()
    found = penalties(clock)
    seen: list[int] = []
    for _ in range(FREE + 12):
        await found.fail(ADDRESS, NETWORK)
        seen.append(waiting(found))
        clock.now += seen[-1]
        assert waiting(found) == 0
    assert seen[FREE:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, LONGEST_SECONDS, LONGEST_SECONDS]


async def test_failures_are_forgotten_after_an_hour() -> None:
    clock = Clock()
    found = penalties(clock)
    for _ in range(FREE + 1):
        await found.fail(ADDRESS, NETWORK)
    clock.now += FORGET_SECONDS
    await found.fail(ADDRESS, NETWORK)
    assert waiting(found) == 0


async def test_many_addresses_of_one_network_are_delayed_together_and_shortly() -> None:
    found = penalties(Clock())
    for number in range(FREE * NETWORK_TIMES + 20):
        await found.fail(f"192.0.2.{number}", NETWORK)
    assert waiting(found, "192.0.2.254") == LONGEST_OF_NETWORK_SECONDS
    assert waiting(found, "198.51.100.1", "c63364/24") == 0


async def test_when_very_many_addresses_fail_no_failure_is_free_but_others_are_not_delayed() -> None:
    found = penalties(Clock())
    for number in range(FREE * TOTAL_TIMES + 1):
        await found.fail(f"address {number}", f"network {number}")
    assert waiting(found, f"address {FREE * TOTAL_TIMES}", f"network {FREE * TOTAL_TIMES}") == 1
    assert waiting(found, "another address", "another network") == 0


async def test_callers_are_forgotten_after_an_hour() -> None:
    clock = Clock()
    found = penalties(clock)
    for number in range(100):
        await found.fail(f"address {number}", f"network {number}")
        clock.now += FORGET_SECONDS / 10
    assert found.callers <= 21


async def test_a_limit_holds_in_each_process_while_counts_can_not_be_shared() -> None:
    limit = SharedLimit("l", 2, Alone(), clock=Clock())
    await limit.take("anna")
    await limit.take("anna")
    with pytest.raises(Denied):
        await limit.take("anna")


async def test_who_reached_the_limit_elsewhere_is_denied_without_asking_again() -> None:
    clock, counts = Clock(), Elsewhere(3, 30.5)
    limit = SharedLimit("l", 2, counts, clock=clock)
    for wait in ("31", "21", "11", "1"):
        with pytest.raises(Denied) as denied:
            await limit.take("anna")
        assert (denied.value.status, denied.value.headers["Retry-After"]) == (429, wait)
        clock.now += 10
    assert counts.asked == 1


async def test_calls_of_a_frequent_limit_are_added_in_batches() -> None:
    counts = Elsewhere(1, 60.0)
    limit = SharedLimit("l", 1000, counts, frequent=True, clock=Clock())
    for _ in range(95):
        await limit.take("anna")
    assert counts.asked == 9
