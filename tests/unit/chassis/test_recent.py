"""A value is looked up once for all who ask at about the same time."""

import asyncio

import pytest

from libs.chassis.recent import Recent


class Looks:
    """Looks that count themselves; the first ones may fail."""

    def __init__(self, failing: int = 0) -> None:
        self.made, self._failing = 0, failing

    async def __call__(self) -> int:
        self.made += 1
        await asyncio.sleep(0)
        if self.made <= self._failing:
            raise LookupError
        return self.made


async def test_all_who_ask_within_the_time_get_the_same() -> None:
    looks = Looks()
    recent = Recent(looks, seconds=3600)
    assert await asyncio.gather(*(recent.now() for _ in range(5))) == [1] * 5
    assert looks.made == 1


async def test_a_value_that_is_too_old_is_looked_up_again() -> None:
    recent = Recent(Looks(), seconds=0)
    assert [await recent.now(), await recent.now()] == [1, 2]


async def test_a_look_that_failed_is_made_again() -> None:
    recent = Recent(Looks(failing=1), seconds=3600)
    with pytest.raises(LookupError):
        await recent.now()
    assert await recent.now() == 2
