"""What must hold once all has settled, whatever happened before; each breach comes with its evidence."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from adrelay.runtime.states import State
from libs.events.billing import (
    OrderExpired,
    OrderFulfilled,
    OrderPlaced,
    PaymentFinished,
    PaymentPartiallyPaid,
    PaymentRequested,
)
from libs.events.gateway import (
    AccountRegistered,
    MailGivenUp,
    MailSent,
    NotificationKind,
    NotificationRaised,
)
from libs.events.provisioning import (
    AdbotProvisioned,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.events.scheduler import AdbotStarted, AdbotStopped, AdvertisementSet
from libs.eventsourcing import Event
from libs.eventsourcing.values import START
from tests.chaos.load import Told
from tests.chaos.truth import Truth, same


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, and how that is seen."""

    invariant: str
    evidence: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.evidence}"


_OCCASIONS: dict[type[Event], NotificationKind] = {
    OrderPlaced: NotificationKind.ORDER_PLACED,
    PaymentFinished: NotificationKind.PAYMENT_RECEIVED,
    PaymentPartiallyPaid: NotificationKind.PARTIAL_PAYMENT,
    OrderExpired: NotificationKind.ORDER_EXPIRED,
}
Invariant = Callable[[Truth, Told], Iterator[str]]


def every_finished_payment_is_fulfilled_once(truth: Truth, _: Told) -> Iterator[str]:
    billing, provisioning = truth.stores["billing"], truth.stores["provisioning"]
    finished = Counter(event.order for _, event in billing.all(PaymentFinished))
    fulfilled = Counter(event.order for _, event in billing.all(OrderFulfilled))
    made = Counter(event.order for _, event in provisioning.all(AdbotProvisioned))
    for order in sorted({*finished, *fulfilled, *made}):
        counts = finished[order], fulfilled[order], made[order]
        if counts != (1, 1, 1):
            yield f"{order}: {counts[0]} finished payments, fulfilled {counts[1]} times, {counts[2]} adbots"


def no_session_is_on_two_adbots(truth: Truth, _: Told) -> Iterator[str]:
    seated: dict[str, str] = {}
    for stored in truth.stores["provisioning"].events:
        match stored.event:
            case SessionAssigned(session=session, adbot=adbot):
                if str(session) in seated:
                    yield f"{session} was given to {adbot} while it was on {seated[str(session)]}"
                seated[str(session)] = str(adbot)
            case SessionReleased(session=session) | SessionLost(session=session):
                seated.pop(str(session), None)
            case _:
                pass
    table = {row["session"]: row["adbot"] for row in truth.stores["provisioning"].tables["seats"]}
    if table != seated:
        yield f"the seats' table says {table}, the events {seated}"


def no_session_is_lost(truth: Truth, _: Told) -> Iterator[str]:
    for _envelope, event in truth.stores["provisioning"].all(SessionLost):
        yield f"{event.session}: {event.loss} by {event.error}, and nothing here revokes sessions"


def no_session_was_held_twice(truth: Truth, _: Told) -> Iterator[str]:
    for session in truth.held_twice:
        yield f"{session.id} of account {session.account}"


def nothing_acknowledged_is_lost(truth: Truth, told: Told) -> Iterator[str]:
    placed = {event.order for _, event in truth.stores["billing"].all(OrderPlaced)}
    for order in sorted(told.orders - placed):
        yield f"order {order} was acknowledged and is not stored"
    stocked = {str(event.session) for _, event in truth.stores["provisioning"].all(SessionStocked)}
    for session in sorted(told.sessions - stocked):
        yield f"session {session} was acknowledged and is not in stock"
    accounts = sum(1 for _ in truth.stores["gateway"].all(AccountRegistered))
    if accounts < len(told.codes):
        yield f"{len(told.codes)} access codes came by mail and {accounts} accounts are stored"
    yield from _commands(truth, told)


def _commands(truth: Truth, told: Told) -> Iterator[str]:
    scheduler = truth.stores["scheduler"]
    for adbot, commands in told.commands.items():
        groups = [" ".join(event.groups) for _, event in scheduler.all(AdvertisementSet) if _of(event, adbot)]
        said = [groups for name, groups in commands if name == "advertisement"]
        lost = [one for one in said if one not in groups]
        if lost or (said and groups[-1] != said[-1]):
            yield f"{adbot}: {len(said)} advertisements were accepted, the last as {said[-1]}, kept: {groups}"
        pressed = [name for name, _ in commands if name in {"start", "stop"}]
        started = [
            isinstance(stored.event, AdbotStarted)
            for stored in scheduler.events
            if isinstance(stored.event, AdbotStarted | AdbotStopped) and _of(stored.event, adbot)
        ]
        runs = bool(started) and started[-1]
        if pressed and runs != (pressed[-1] == "start"):
            yield f"{adbot}: the last that was accepted is {pressed[-1]}; started: {started}"


def _of(event: AdvertisementSet | AdbotStarted | AdbotStopped, adbot: str) -> bool:
    return str(event.adbot) == adbot


def every_accepted_notification_had_its_effect(truth: Truth, _: Told) -> Iterator[str]:
    billing = truth.stores["billing"]
    asked = {event.payment: event.order for _, event in billing.all(PaymentRequested)}
    finished = {event.order for _, event in billing.all(PaymentFinished)}
    said: dict[str, set[str]] = {}
    for stored in billing.events:
        if stored.envelope.type.startswith("Payment"):
            said.setdefault(stored.envelope.stream, set()).add(stored.envelope.type)
    for notification in truth.notifications:
        order = asked.get(notification.payment_id)
        if notification.state != "delivered" or order is None:
            continue
        if notification.status == "finished" and order not in finished:
            yield f"notification {notification.id} (finished) of {order} was accepted without effect"
        if notification.status != "waiting" and len(said.get(f"order-{order}", ())) < 2:
            yield f"notification {notification.id} ({notification.status}) of {order} left no event"


def every_notification_arrived(truth: Truth, _: Told) -> Iterator[str]:
    for notification in truth.notifications:
        if notification.state not in {"delivered", "withheld"}:
            answers = [attempt.answered or attempt.error for attempt in notification.attempts[-3:]]
            yield f"{notification.id} ({notification.status}) of {notification.payment_id}: {answers}"


def every_payer_got_what_he_paid_for(truth: Truth, _: Told) -> Iterator[str]:
    orders = {event.payment: event.order for _, event in truth.stores["billing"].all(PaymentRequested)}
    finished = {event.order for _, event in truth.stores["billing"].all(PaymentFinished)}
    for payment in truth.payments:
        if payment.status == "finished" and orders.get(payment.payment_id) not in finished:
            yield f"payment {payment.payment_id} of {payment.order_id} is finished at the provider only"
    shown = {row["order_number"]: row["status"] for row in truth.stores["gateway"].tables["orders"]}
    for order in sorted(finished):
        if shown.get(order) != "FULFILLED":
            yield f"{order} was paid and is shown as {shown.get(order)}"


def versions_have_no_gaps(truth: Truth, _: Told) -> Iterator[str]:
    for service, store in truth.stores.items():
        versions: dict[str, list[int]] = {}
        for stored in store.events:
            versions.setdefault(stored.envelope.stream, []).append(stored.envelope.version)
        for stream, found in versions.items():
            if found != list(range(1, len(found) + 1)):
                yield f"{service} {stream}: {found}"


def the_stream_equals_the_stores(truth: Truth, _: Told) -> Iterator[str]:
    for service, store in truth.stores.items():
        carried = truth.stream.get(service, [])
        stored = [one.envelope for one in store.events]
        if len(carried) != len(stored):
            yield f"{service}: {len(stored)} events are stored, the stream carries {len(carried)}"
        for number, (kept, sent) in enumerate(zip(stored, carried, strict=False)):
            if not same(kept, sent):
                yield f"{service}: event {number} is {kept.stream}/{kept.version} {kept.type} in the store, "
                yield f"{sent.stream}/{sent.version} {sent.type} on the stream"
                break
    for service in truth.stream.keys() - truth.stores.keys():
        yield f"{service} is on the stream and has no store"


def readers_have_caught_up(truth: Truth, _: Told) -> Iterator[str]:
    for service, store in truth.stores.items():
        for reader, handled in store.readers.items():
            for source, other in truth.stores.items():
                wanted = [
                    one.envelope for one in other.events if handled is None or one.envelope.type in handled
                ]
                reached = store.checkpoints.get((reader, source), START)
                behind = sum(1 for envelope in wanted if envelope.cursor > reached)
                if behind:
                    yield f"{service}.{reader} is {behind} events of {source} behind"


def everybody_was_told_once_of_every_occasion(truth: Truth, _: Told) -> Iterator[str]:
    billing, gateway = truth.stores["billing"], truth.stores["gateway"]
    occasions = Counter(
        (_OCCASIONS[type(stored.event)], str(getattr(stored.event, "order", "")))
        for stored in billing.events
        if type(stored.event) in _OCCASIONS
    )
    told = Counter((event.kind, event.order) for _, event in gateway.all(NotificationRaised))
    if told != occasions:
        yield f"not told: {occasions - told}; told without occasion: {told - occasions}"


def every_mail_was_sent_and_has_only_copies_that_can_be_told(truth: Truth, _: Told) -> Iterator[str]:
    gateway = truth.stores["gateway"]
    raised = {str(event.notification): event for _, event in gateway.all(NotificationRaised) if event.mail}
    sent = Counter(str(event.notification) for _, event in gateway.all(MailSent))
    given_up = Counter(str(event.notification) for _, event in gateway.all(MailGivenUp))
    arrived: dict[str, set[tuple[str, ...]]] = {}
    for mail in truth.mails:
        arrived.setdefault(mail.message_id.strip("<>").partition("@")[0], set()).add(mail.recipients)
    for told, event in raised.items():
        if sent[told] + given_up[told] != 1:
            yield f"{event.kind} of {event.order}: sent {sent[told]} times, given up {given_up[told]} times"
        if sent[told] and arrived.get(told) != {(event.email,)}:
            yield f"{event.kind} of {event.order} for {event.email} arrived at {arrived.get(told)}"
    for told in arrived.keys() - raised.keys():
        yield f"a mail to {arrived[told]} tells of nothing that was raised: {told}"


def no_dead_letters(truth: Truth, _: Told) -> Iterator[str]:
    for store in truth.stores.values():
        yield from store.dead_letters


def all_processes_are_ready(truth: Truth, _: Told) -> Iterator[str]:
    for status in truth.statuses:
        if status.state is not State.READY:
            yield f"{status.name} is {status.state}: {status.detail}"


def no_client_was_turned_away(_: Truth, told: Told) -> Iterator[str]:
    yield from told.refused


GENERAL: Sequence[Invariant] = (
    every_finished_payment_is_fulfilled_once,
    every_notification_arrived,
    every_accepted_notification_had_its_effect,
    every_payer_got_what_he_paid_for,
    no_session_is_on_two_adbots,
    no_session_was_held_twice,
    no_session_is_lost,
    nothing_acknowledged_is_lost,
    versions_have_no_gaps,
    the_stream_equals_the_stores,
    readers_have_caught_up,
    everybody_was_told_once_of_every_occasion,
    every_mail_was_sent_and_has_only_copies_that_can_be_told,
    no_dead_letters,
    all_processes_are_ready,
    no_client_was_turned_away,
)


def check(truth: Truth, told: Told, invariants: Sequence[Invariant]) -> list[Breach]:
    """Return everything that does not hold."""
    return [
        Breach(invariant.__name__.replace("_", " "), evidence)
        for invariant in invariants
        for evidence in invariant(truth, told)
    ]
