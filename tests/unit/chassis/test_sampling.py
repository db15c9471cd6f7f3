"""Log lines that outsiders can cause are sampled; the suppressed ones are counted."""

import asyncio
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import capture_logs

from libs.chassis.sampling import Kind, SampledLines, SampledLog, Sampler
from tests.deadlines import DEADLINE_SECONDS
from tests.support.clock import Clock


@pytest.fixture
def reported() -> list[tuple[Kind, int]]:
    return []


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sampler(reported: list[tuple[Kind, int]], clock: Clock) -> Sampler:
    return Sampler(lambda kind, lines: reported.append((kind, lines)), lines=3, clock=clock)


@pytest.fixture(autouse=True)
def every_level() -> Iterator[None]:
    root = logging.getLogger()
    before = root.level
    root.setLevel(logging.DEBUG)
    yield
    root.setLevel(before)


def ignore(kind: Kind, lines: int) -> None:
    """Discard the report."""
    del kind, lines


REFUSED = ("notification.refused", "bad_signature")


def test_the_first_lines_of_a_minute_pass_and_the_rest_are_reported_as_a_count(
    sampler: Sampler, clock: Clock, reported: list[tuple[Kind, int]]
) -> None:
    assert [sampler.passes(REFUSED) for _ in range(1000)] == [True] * 3 + [False] * 997
    assert reported == []
    clock.now += 60
    assert sampler.passes(REFUSED)
    assert reported == [(REFUSED, 997)]


def test_each_kind_of_line_has_its_own_limit(sampler: Sampler) -> None:
    for _ in range(10):
        sampler.passes(REFUSED)
    assert sampler.passes(("notification.refused", "unknown_order"))


def test_a_minute_without_suppressed_lines_is_not_reported(
    sampler: Sampler, clock: Clock, reported: list[tuple[Kind, int]]
) -> None:
    for _ in range(10):
        assert sampler.passes(REFUSED)
        clock.now += 60
    assert reported == []


def test_kinds_without_end_are_counted_as_one(
    sampler: Sampler, clock: Clock, reported: list[tuple[Kind, int]]
) -> None:
    passed = sum(sampler.passes(("request.refused", str(number))) for number in range(10_000))
    assert passed == 503
    clock.now += 60
    sampler.passes(REFUSED)
    assert reported == [(("other", "other"), 9_497)]


@pytest.mark.parametrize("suppressed", [1, 2])
async def test_the_count_is_reported_when_the_minute_ends_also_without_further_lines(
    clock: Clock, reported: list[tuple[Kind, int]], suppressed: int
) -> None:
    minute_reported, context = asyncio.Event(), list[dict[str, Any]]()

    def report(kind: Kind, lines: int) -> None:
        reported.append((kind, lines))
        context.append(structlog.contextvars.get_contextvars())
        minute_reported.set()

    sampler = Sampler(report, lines=1, seconds=0.01, clock=clock)
    with structlog.contextvars.bound_contextvars(service="bakery", correlation_id="of one request"):
        assert sampler.passes(REFUSED)
        assert not any(sampler.passes(REFUSED) for _ in range(suppressed))
    clock.now += 0.01
    async with asyncio.timeout(DEADLINE_SECONDS):
        await minute_reported.wait()
    assert (reported, context) == ([(REFUSED, suppressed)], [{"service": "bakery"}])


def test_a_sampled_log_writes_the_event_with_its_code_and_subject(clock: Clock) -> None:
    with capture_logs() as lines:
        log = SampledLog("bakery", sampler=Sampler(ignore, lines=2, clock=clock))
        for number in range(5):
            log.write(logging.INFO, "bread.refused", code="burnt", loaf=number)
    assert lines == [
        {"event": "bread.refused", "code": "burnt", "loaf": number, "log_level": "info"} for number in (0, 1)
    ]


def test_a_sampled_log_writes_nothing_below_its_level() -> None:
    logging.getLogger().setLevel(logging.WARNING)
    with capture_logs() as lines:
        SampledLog("bakery").write(logging.INFO, "bread.refused", code="burnt")
    assert lines == []


def test_a_sampled_log_writes_errors_with_their_trace() -> None:
    with capture_logs() as lines:
        log = SampledLog("bakery", sampler=Sampler(ignore, lines=1))
        for _ in range(2):
            try:
                dict[str, str]()["bread"]
            except KeyError:
                log.exception("bread.failed", code="KeyError")
    assert [(line["event"], line["exc_info"]) for line in lines] == [("bread.failed", True)]


def test_lines_of_another_library_are_sampled_by_their_text(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("tests.somebody")
    sampled = SampledLines("tests.somebody")
    logger.addFilter(sampled)
    try:
        for number in range(100):
            logger.warning("Invalid HTTP request received.")
            logger.warning("line %s", number)
    finally:
        logger.removeFilter(sampled)
    assert len(caplog.records) == 20
