"""Decisions on notices to the operator: each is told once, and again only once it was over."""

from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from uuid import UUID, uuid5

import pytest

from libs.events.categories import SERVICES
from libs.events.gateway import (
    NoticeAcknowledged,
    NoticeCleared,
    NoticeId,
    NoticeKind,
    NoticeMailed,
    NoticeRaised,
)
from libs.events.health import ReaderHealth, ServiceHealth
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.notices.advice import ADVICE, TITLES
from services.gateway.notices.commands import Acknowledge, Clear, RecordMailed, Tell, key_of
from services.gateway.notices.conditions import (
    BROKER,
    Silence,
    Thresholds,
    lost_sessions,
    low_stock,
    of_services,
)
from services.gateway.notices.domain import FLAPPING, LONGEST_DETAIL, NOTICE, PAUSES
from services.gateway.notices.tables import Notice
from services.gateway.notices.writing import MOST_LISTED, NoticeWriter

notices = scenarios(NOTICE)

NOON = datetime(2030, 3, 4, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=2)
MAIL = UUID(int=7)
LIMITS = Thresholds(low_stock=4, lost_sessions=3, seconds=300)


def tell(kind: NoticeKind, at: datetime = NOON, *, detail: str = "it happened") -> Tell:
    return Tell(kind, "one", detail, mail=True, at=at)


def raised(kind: NoticeKind, number: int = 1, at: datetime = NOON) -> NoticeRaised:
    return NoticeRaised(
        notice=NoticeId(uuid5(key_of(kind, "one"), str(number))),
        kind=kind,
        subject="one",
        detail="it happened",
        mail=True,
        quiet_until=at + PAUSES.get(kind, FLAPPING),
    )


STOCK, SALE = NoticeKind.LOW_STOCK, NoticeKind.SALE_REFUSED
LOW, REFUSED = raised(STOCK), raised(SALE)
OVER = NoticeCleared(notice=LOW.notice)


def test_what_lasts_is_told_once_until_it_is_over() -> None:
    notices.when(tell(STOCK), tell(STOCK, LATER)).then(LOW)
    notices.given(LOW, OVER).when(tell(STOCK, LATER)).then(raised(STOCK, 2, LATER))


def test_what_comes_back_within_minutes_is_not_told_again() -> None:
    notices.given(LOW, OVER).when(tell(STOCK, NOON + FLAPPING / 2)).then()


def test_what_has_no_state_is_told_at_most_once_in_its_time() -> None:
    notices.given(REFUSED).when(tell(SALE, NOON + PAUSES[SALE] / 2)).then()
    notices.given(REFUSED).when(tell(SALE, LATER)).then(raised(SALE, 2, LATER))
    notices.given(REFUSED).when(Clear()).then()


def test_it_is_over_once() -> None:
    notices.given(LOW).when(Clear(), Clear()).then(OVER)
    notices.when(Clear()).then()


def test_it_is_acknowledged_and_mailed_once_and_an_earlier_one_not_at_all() -> None:
    seen, mailed = NoticeAcknowledged(notice=LOW.notice), NoticeMailed(notice=LOW.notice, mail=MAIL)
    notices.given(LOW).when(Acknowledge(LOW.notice), Acknowledge(LOW.notice)).then(seen)
    notices.given(LOW).when(RecordMailed(LOW.notice, MAIL), RecordMailed(LOW.notice, MAIL)).then(mailed)
    again = raised(STOCK, 2, LATER)
    notices.given(LOW, OVER, again).when(Acknowledge(LOW.notice), RecordMailed(LOW.notice, MAIL)).then()
    notices.when(Acknowledge(LOW.notice)).refused("unknown_notice")


def test_a_long_detail_is_truncated() -> None:
    state = notices.when(tell(STOCK, detail="x" * 9999))
    state.then(LOW.model_copy(update={"detail": "x" * LONGEST_DETAIL}))


def test_an_event_about_another_notice_than_the_last_is_impossible() -> None:
    with pytest.raises(ImpossibleEvent):
        notices.given(LOW, OVER, raised(STOCK, 2), OVER).state()


def test_low_stock_is_over_only_with_half_as_many_more() -> None:
    assert low_stock(4, told=False, limits=LIMITS) == []
    (one,) = low_stock(3, told=False, limits=LIMITS)
    assert one.detail == "3 unused sessions left, fewer than 4"
    assert low_stock(5, told=True, limits=LIMITS) != []
    assert low_stock(6, told=True, limits=LIMITS) == []
    assert low_stock(0, told=False, limits=Thresholds(0, 0, 1)) == []


def test_sessions_are_told_of_if_many_are_lost() -> None:
    assert lost_sessions(2, LIMITS) == []
    assert [one.detail for one in lost_sessions(3, LIMITS)] == ["3 sessions lost within an hour"]
    assert lost_sessions(99, Thresholds(0, 0, 1)) == []


def health(service: str, *readers: ReaderHealth, relay_seconds: float = 0.0) -> ServiceHealth:
    return ServiceHealth(service=service, relay_seconds=relay_seconds, relay_error="no NATS", readers=readers)


def reader(*, waiting: int = 0, oldest: float | None = None, dead: int = 0) -> ReaderHealth:
    return ReaderHealth(name="reactions", waiting=waiting, oldest_seconds=oldest, dead_letters=dead)


def test_lags_dead_letters_and_stalled_relays_are_told_of_once_however_many_processes_answer() -> None:
    slow, dead = reader(waiting=7, oldest=301), reader(dead=2)
    answers = [
        health("billing", slow),
        health("billing", slow),
        health("gateway", dead),
        health("scheduler", relay_seconds=301),
        health("scheduler"),  # a process that stands by
        health("forwarder", reader(waiting=7, oldest=299), relay_seconds=299),
    ]
    found = {one.key: one.detail for one in of_services(answers, {}, LIMITS)}
    assert found == {
        (NoticeKind.READER_LAGS, "billing reactions"): "the reader reactions of billing has 7 events before "
        "it, the oldest for 5 min",
        (NoticeKind.DEAD_LETTERS, "gateway reactions"): "the reader reactions of gateway has 2 dead letters",
        (NoticeKind.RELAY_STALLS, "scheduler"): "events of scheduler have waited for 5 min: no NATS",
    }


def test_a_service_is_silent_since_it_was_heard_last() -> None:
    silence = Silence(0.0)
    assert silence.note(SERVICES, 100.0) == {}
    silent = silence.note([one for one in SERVICES if one != "billing"], 401.0)
    assert silent == {"billing": 301.0}
    (one,) = of_services([], silent, LIMITS)
    assert (one.kind, one.subject) == (NoticeKind.SERVICE_SILENT, "billing")
    assert of_services([], {"billing": 299.0}, LIMITS) == []


def test_only_the_broker_is_silent_if_nobody_is_heard() -> None:
    silence = Silence(0.0)
    silence.note(SERVICES, 100.0)
    assert silence.note([], 500.0) == {BROKER: 400.0}


def listed(kind: NoticeKind) -> Notice:
    return Notice(
        notice=NoticeId(UUID(int=1)),
        kind=kind,
        subject="<one>",
        detail="<b>it & happened</b>",
        count=1,
        raised_at=NOON,
        cleared_at=None,
        acknowledged_at=None,
        mailed_at=None,
        correlation_id=UUID(int=2),
        raised_by=UUID(int=3),
        attempts=0,
    )


WRITER = NoticeWriter(Address("", "no-reply", "ads.example.org"), site_url="https://ads.example.org/")


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_a_mail_says_what_happened_and_what_to_do(kind: NoticeKind) -> None:
    letter = WRITER.write("op@example.org", MAIL, [listed(kind)], NOON)
    assert letter.subject == f"Adrelay: {TITLES[kind]}"
    text = " ".join(letter.text.split())
    assert ADVICE[kind] in text
    assert "<b>it & happened</b>" in text
    assert "&lt;b&gt;it &amp; happened" in letter.html
    assert "https://ads.example.org/" in letter.text
    assert letter.message_id == f"<{MAIL}@ads.example.org>"
    assert max(map(len, letter.text.splitlines())) <= 110


def test_a_mail_lists_some_and_counts_the_rest() -> None:
    letter = WRITER.write("op@example.org", MAIL, [listed(STOCK)] * (MOST_LISTED + 2), NOON)
    assert letter.subject == f"Adrelay: stock is low, and {MOST_LISTED + 1} more"
    assert letter.text.count("Stock is low") == MOST_LISTED
    assert "And 2 more." in letter.text
