"""Decisions on notifications."""

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from libs.events.gateway import (
    MailGivenUp,
    MailSent,
    NotificationKind,
    NotificationRaised,
    NotificationsRead,
)
from libs.events.values import AccountId, NotificationId, SessionId
from libs.eventsourcing import ImpossibleEvent
from libs.eventsourcing.testing import scenarios
from services.gateway.inbox.commands import GiveUp, MarkRead, Raise, RecordSent
from services.gateway.inbox.domain import INBOX, MOST_READ, MOST_UNPAID_MAILS, Inbox, InboxEvent, MailState

inbox = scenarios(INBOX)

ANNA = AccountId(UUID("0190a000-0000-7000-8000-000000000001"))
SEAT = SessionId(UUID(int=7))
RAISE = Raise(
    account=ANNA,
    kind=NotificationKind.PARTIAL_PAYMENT,
    order="HQADZ-ABC123-XYZ9",
    mail=True,
    paid=Decimal("0.10"),
    missing=Decimal("0.20"),
    coin="BTC",
)
NOTIFICATION = RAISE.notification
RAISED = NotificationRaised(
    notification=NOTIFICATION,
    account=ANNA,
    kind=RAISE.kind,
    order=RAISE.order,
    mail=True,
    paid=RAISE.paid,
    missing=RAISE.missing,
    coin=RAISE.coin,
)
QUIET = RAISED.model_copy(update={"mail": False})
SENT = MailSent(notification=NOTIFICATION, account=ANNA)
GIVEN_UP = MailGivenUp(notification=NOTIFICATION, account=ANNA, reason="550 no such mailbox")
GIVE_UP = GiveUp(NOTIFICATION, "550 no such mailbox")


def test_an_occasion_raises_a_notification() -> None:
    inbox.when(RAISE).then(RAISED)


def test_a_duplicate_occasion_raises_no_second_notification() -> None:
    inbox.given(RAISED).when(RAISE, replace(RAISE, paid=Decimal("0.1000")), replace(RAISE, mail=False)).then()


@pytest.mark.parametrize(
    "other",
    [
        replace(RAISE, order="HQADZ-ABC123-XYZ8"),
        replace(RAISE, kind=NotificationKind.ORDER_EXPIRED),
        replace(RAISE, paid=Decimal("0.15")),
        replace(RAISE, group="@group", chat="-1000000000007"),
    ],
)
def test_another_occasion_is_another_notification(other: Raise) -> None:
    assert other.notification != NOTIFICATION
    state = inbox.given(RAISED).when(other).state()
    assert state is not None
    assert state.mails.keys() == {NOTIFICATION, other.notification}


def test_only_partial_payments_are_distinguished_by_the_amount() -> None:
    received = replace(RAISE, kind=NotificationKind.PAYMENT_RECEIVED)
    assert received.notification == replace(received, paid=Decimal("0.3")).notification


def raised(kind: NotificationKind, number: int) -> Raise:
    return Raise(account=ANNA, kind=kind, order=f"HQADZ-ABC123-{number:04}", mail=True)


def mailed(*commands: Raise) -> list[bool]:
    events: list[InboxEvent] = []
    state = None
    for command in commands:
        for event in INBOX.decide(command, state):
            state = INBOX.evolve(state, event)
            events.append(event)
    return [event.mail for event in events if isinstance(event, NotificationRaised)]


def test_mails_about_unpaid_orders_are_limited_per_mailbox() -> None:
    kinds = (NotificationKind.ORDER_PLACED, NotificationKind.ORDER_EXPIRED)
    orders = [raised(kind, number) for number in range(10) for kind in kinds]
    assert mailed(*orders) == [True] * MOST_UNPAID_MAILS + [False] * (20 - MOST_UNPAID_MAILS)


def test_payments_are_always_mailed_and_reset_the_limit_of_unpaid_orders() -> None:
    orders = [raised(NotificationKind.ORDER_PLACED, number) for number in range(MOST_UNPAID_MAILS + 1)]
    partly = raised(NotificationKind.PARTIAL_PAYMENT, 0)
    paid = raised(NotificationKind.PAYMENT_RECEIVED, 0)
    later = raised(NotificationKind.ORDER_PLACED, 99)
    assert mailed(*orders, partly, paid, later)[-4:] == [False, True, True, True]


def test_a_mail_is_sent_once() -> None:
    inbox.given(RAISED).when(RecordSent(NOTIFICATION), RecordSent(NOTIFICATION)).then(SENT)


def test_a_mail_is_given_up_once() -> None:
    inbox.given(RAISED).when(GIVE_UP, GIVE_UP).then(GIVEN_UP)


def test_a_mail_that_was_sent_is_not_given_up() -> None:
    inbox.given(RAISED, SENT).when(GIVE_UP).then()


def test_a_mail_that_was_given_up_is_not_recorded_as_sent() -> None:
    inbox.given(RAISED, GIVEN_UP).when(RecordSent(NOTIFICATION)).then()


def test_a_long_reason_is_truncated() -> None:
    cut = MailGivenUp(notification=NOTIFICATION, account=ANNA, reason="x" * 200)
    inbox.given(RAISED).when(GiveUp(NOTIFICATION, "x" * 1000)).then(cut)


@pytest.mark.parametrize("command", [RecordSent(NOTIFICATION), GIVE_UP])
def test_nothing_is_recorded_for_an_unknown_notification(command: RecordSent | GiveUp) -> None:
    inbox.when(command).refused("unknown_notification")
    inbox.given(QUIET).when(command).refused("no_mail")


def test_the_state_has_the_result_of_each_mail() -> None:
    assert inbox.given(RAISED).state() == Inbox(ANNA, {NOTIFICATION: MailState.WAITING}, 0)
    assert inbox.given(QUIET).state() == Inbox(ANNA, {NOTIFICATION: MailState.NONE}, 0)
    assert inbox.given(RAISED, SENT).state() == Inbox(ANNA, {NOTIFICATION: MailState.SENT}, 0)
    assert inbox.given(RAISED, GIVEN_UP).state() == Inbox(ANNA, {NOTIFICATION: MailState.GIVEN_UP}, 0)


@pytest.mark.parametrize(
    "history",
    [[RAISED, RAISED], [SENT], [GIVEN_UP], [QUIET, SENT], [RAISED, SENT, GIVEN_UP], [RAISED, GIVEN_UP, SENT]],
)
def test_an_impossible_history_is_an_error(
    history: list[NotificationRaised | MailSent | MailGivenUp],
) -> None:
    with pytest.raises(ImpossibleEvent):
        inbox.given(*history).state()


def test_each_seat_that_asks_to_join_a_group_raises_one_notification() -> None:
    first = replace(RAISE, kind=NotificationKind.JOIN_REQUESTED, group="+AAAAAbbbbbccccc1", session=SEAT)
    other = replace(first, session=SessionId(UUID(int=8)))
    elsewhere = replace(first, group="+AAAAAbbbbbccccc2")
    assert len({one.notification for one in (first, other, elsewhere)}) == 3
    assert replace(first, detail="in other words").notification == first.notification


def test_a_group_that_moves_again_raises_another_notification() -> None:
    first = replace(
        RAISE, kind=NotificationKind.GROUP_MOVED, group="@group", chat="-1000000000007", name="@newname"
    )
    ids = {
        first.notification,
        replace(first, name=None).notification,
        replace(first, group="@other").notification,
    }
    assert len(ids) == 3


def numbered(*numbers: int) -> list[NotificationRaised]:
    """Return notifications with these numbers as ids."""
    return [QUIET.model_copy(update={"notification": NotificationId(UUID(int=one))}) for one in numbers]


def read(*numbers: int) -> NotificationsRead:
    return NotificationsRead(
        account=ANNA, notifications=tuple(NotificationId(UUID(int=one)) for one in numbers)
    )


def test_those_that_are_named_are_marked_once_and_others_ignored() -> None:
    only = tuple(NotificationId(UUID(int=one)) for one in (3, 1, 3, 99))
    inbox.given(*numbered(1, 2, 3)).when(MarkRead(ANNA, only), MarkRead(ANNA, only)).then(read(3, 1))


def test_all_up_to_one_are_marked_in_the_order_in_which_they_were_raised() -> None:
    until = MarkRead(ANNA, until=NotificationId(UUID(int=1)))
    inbox.given(*numbered(3, 1, 2), read(3)).when(until).then(read(1))
    inbox.given(*numbered(3)).when(until).refused("unknown_notification")


def test_all_are_marked_in_events_of_bounded_size() -> None:
    history = numbered(*range(MOST_READ + 1))
    inbox.given(*history).when(MarkRead(ANNA)).then(read(*range(MOST_READ)), read(MOST_READ))
    inbox.when(MarkRead(ANNA)).then()


def test_each_time_that_something_happens_to_an_adbot_is_another_notification() -> None:
    first = replace(RAISE, kind=NotificationKind.ADBOT_STOPPED, occasion="one event")
    assert first.notification != replace(first, occasion="another").notification
    assert first.notification == replace(first, detail="in other words").notification


def test_a_snapshot_keeps_marks_and_order() -> None:
    state = inbox.given(*numbered(3, 1, 2), read(1)).state()
    assert INBOX.snapshots is not None
    assert state is not None
    restored = INBOX.snapshots.decode(INBOX.snapshots.encode(state))
    assert restored == state
    assert list(restored.mails) == list(state.mails)
