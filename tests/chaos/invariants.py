"""Invariants of a system after faults, once it has settled; each breach comes with its evidence."""

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
    AdbotExpired,
    AdbotExtended,
    AdbotProvisioned,
    AdbotRestored,
    AdbotSuspended,
    SeatLost,
    SessionAssigned,
    SessionLost,
    SessionReleased,
    SessionStocked,
)
from libs.events.scheduler import AdbotStarted, AdbotStopped, AdvertisementSet
from libs.eventsourcing import Event
from libs.eventsourcing.values import START
from tests.chaos.load import Acknowledged
from tests.chaos.snapshot import Snapshot, same


@dataclass(frozen=True)
class Breach:
    """An invariant that does not hold, with the evidence."""

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
_TOLD = (AdbotProvisioned, AdbotExpired, AdbotExtended, AdbotSuspended, AdbotRestored, SeatLost)
"""The events of adbots, each of which leads to one notification."""
Invariant = Callable[[Snapshot, Acknowledged], Iterator[str]]


def every_finished_payment_is_fulfilled_once(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    billing, provisioning = snapshot.stores["billing"], snapshot.stores["provisioning"]
    finished = Counter(event.order for _, event in billing.all(PaymentFinished))
    fulfilled = Counter(event.order for _, event in billing.all(OrderFulfilled))
    made = Counter(event.order for _, event in provisioning.all(AdbotProvisioned))
    for order in sorted({*finished, *fulfilled, *made}):
        counts = finished[order], fulfilled[order], made[order]
        if counts != (1, 1, 1):
            yield f"{order}: {counts[0]} finished payments, fulfilled {counts[1]} times, {counts[2]} adbots"


def no_session_is_on_two_adbots(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    seated: dict[str, str] = {}
    for stored in snapshot.stores["provisioning"].events:
        match stored.event:
            case SessionAssigned(session=session, adbot=adbot):
                if str(session) in seated:
                    yield f"{session} was assigned to {adbot} while it was on {seated[str(session)]}"
                seated[str(session)] = str(adbot)
            case SessionReleased(session=session) | SessionLost(session=session):
                seated.pop(str(session), None)
            case _:
                pass
    table = {row["session"]: row["adbot"] for row in snapshot.stores["provisioning"].tables["seats"]}
    if table != seated:
        yield f"the table of seats has {table}, the events {seated}"


def no_session_is_lost(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for _envelope, event in snapshot.stores["provisioning"].all(SessionLost):
        yield f"{event.session}: {event.loss} by {event.error}, and nothing here revokes sessions"


def no_session_was_used_twice_at_once(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for session in snapshot.held_twice:
        yield f"{session.id} of account {session.account}"


def nothing_acknowledged_is_lost(snapshot: Snapshot, acknowledged: Acknowledged) -> Iterator[str]:
    placed = {event.order for _, event in snapshot.stores["billing"].all(OrderPlaced)}
    for order in sorted(acknowledged.orders - placed):
        yield f"order {order} was acknowledged and is not stored"
    stocked = {str(event.session) for _, event in snapshot.stores["provisioning"].all(SessionStocked)}
    for session in sorted(acknowledged.sessions - stocked):
        yield f"session {session} was acknowledged and is not in stock"
    accounts = sum(1 for _ in snapshot.stores["gateway"].all(AccountRegistered))
    if accounts < len(acknowledged.codes):
        yield f"{len(acknowledged.codes)} access codes came by mail and {accounts} accounts are stored"
    yield from _commands(snapshot, acknowledged)


def _commands(snapshot: Snapshot, acknowledged: Acknowledged) -> Iterator[str]:
    scheduler = snapshot.stores["scheduler"]
    for adbot, commands in acknowledged.commands.items():
        groups = [" ".join(event.groups) for _, event in scheduler.all(AdvertisementSet) if _of(event, adbot)]
        sent = [groups for name, groups in commands if name == "advertisement"]
        lost = [one for one in sent if one not in groups]
        if lost or (sent and groups[-1] != sent[-1]):
            yield f"{adbot}: {len(sent)} advertisements were accepted, the last {sent[-1]}, stored: {groups}"
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


def every_accepted_notification_had_its_effect(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    billing = snapshot.stores["billing"]
    asked = {event.payment: event.order for _, event in billing.all(PaymentRequested)}
    finished = {event.order for _, event in billing.all(PaymentFinished)}
    types: dict[str, set[str]] = {}
    for stored in billing.events:
        if stored.envelope.type.startswith("Payment"):
            types.setdefault(stored.envelope.stream, set()).add(stored.envelope.type)
    for notification in snapshot.notifications:
        order = asked.get(notification.payment_id)
        if notification.state != "delivered" or order is None:
            continue
        if notification.status == "finished" and order not in finished:
            yield f"notification {notification.id} (finished) of {order} was accepted without effect"
        if notification.status != "waiting" and len(types.get(f"order-{order}", ())) < 2:
            yield f"notification {notification.id} ({notification.status}) of {order} left no event"


def every_notification_arrived(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for notification in snapshot.notifications:
        if notification.state not in {"delivered", "withheld"}:
            answers = [attempt.answered or attempt.error for attempt in notification.attempts[-3:]]
            yield f"{notification.id} ({notification.status}) of {notification.payment_id}: {answers}"


def every_paid_order_is_delivered(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    orders = {event.payment: event.order for _, event in snapshot.stores["billing"].all(PaymentRequested)}
    finished = {event.order for _, event in snapshot.stores["billing"].all(PaymentFinished)}
    for payment in snapshot.payments:
        if payment.status == "finished" and orders.get(payment.payment_id) not in finished:
            yield f"payment {payment.payment_id} of {payment.order_id} is finished at the provider only"
    shown = {row["order_number"]: row["status"] for row in snapshot.stores["gateway"].tables["orders"]}
    for order in sorted(finished):
        if shown.get(order) != "FULFILLED":
            yield f"{order} was paid and is shown as {shown.get(order)}"


def versions_have_no_gaps(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for service, store in snapshot.stores.items():
        versions: dict[str, list[int]] = {}
        for stored in store.events:
            versions.setdefault(stored.envelope.stream, []).append(stored.envelope.version)
        for stream, found in versions.items():
            if found != list(range(1, len(found) + 1)):
                yield f"{service} {stream}: {found}"


def the_stream_equals_the_stores(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for service, store in snapshot.stores.items():
        carried = snapshot.stream.get(service, [])
        stored = [one.envelope for one in store.events]
        if len(carried) != len(stored):
            yield f"{service}: {len(stored)} events are stored, the stream has {len(carried)}"
        for number, (ours, published) in enumerate(zip(stored, carried, strict=False)):
            if not same(ours, published):
                yield f"{service}: event {number} is {ours.stream}/{ours.version} {ours.type} in the store, "
                yield f"{published.stream}/{published.version} {published.type} on the stream"
                break
    for service in snapshot.stream.keys() - snapshot.stores.keys():
        yield f"{service} is on the stream and has no store"


def readers_have_caught_up(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for service, store in snapshot.stores.items():
        for reader, handled in store.readers.items():
            for source, other in snapshot.stores.items():
                wanted = [
                    one.envelope for one in other.events if handled is None or one.envelope.type in handled
                ]
                reached = store.checkpoints.get((reader, source), START)
                behind = sum(1 for envelope in wanted if envelope.cursor > reached)
                if behind:
                    yield f"{service}.{reader} is {behind} events of {source} behind"


def every_occasion_raised_one_notification(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    billing, gateway = snapshot.stores["billing"], snapshot.stores["gateway"]
    occasions = Counter(
        (_OCCASIONS[type(stored.event)], str(getattr(stored.event, "order", "")))
        for stored in billing.events
        if type(stored.event) in _OCCASIONS
    )
    raised = Counter(
        (event.kind, event.order or "")
        for _, event in gateway.all(NotificationRaised)
        if event.kind in _OCCASIONS.values()
    )
    if raised != occasions:
        yield f"not raised: {occasions - raised}; raised without occasion: {raised - occasions}"


def everything_about_an_adbot_raised_one_notification(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    causes = Counter(
        envelope.causation_id for envelope, _ in snapshot.stores["gateway"].all(NotificationRaised)
    )
    for stored in snapshot.stores["provisioning"].events:
        if isinstance(stored.event, _TOLD) and causes[stored.envelope.id] != 1:
            told = causes[stored.envelope.id]
            yield f"{stored.envelope.type} of {stored.envelope.stream} was told {told} times"


def every_mail_has_one_outcome_and_one_recipient(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    gateway = snapshot.stores["gateway"]
    raised = {str(event.notification): event for _, event in gateway.all(NotificationRaised) if event.mail}
    sent = Counter(str(event.notification) for _, event in gateway.all(MailSent))
    given_up = Counter(str(event.notification) for _, event in gateway.all(MailGivenUp))
    addresses = {row["account"]: row["email"] for row in gateway.tables["addresses"]}
    arrived: dict[str, set[tuple[str, ...]]] = {}
    for mail in snapshot.mails:
        arrived.setdefault(mail.message_id.strip("<>").partition("@")[0], set()).add(mail.recipients)
    for id_, event in raised.items():
        if sent[id_] + given_up[id_] != 1:
            yield f"{event.kind} of {event.order}: sent {sent[id_]} times, given up {given_up[id_]} times"
        email = addresses[str(event.account)]
        if sent[id_] and arrived.get(id_) != {(email,)}:
            yield f"{event.kind} of {event.order} for {email} arrived at {arrived.get(id_)}"
    for id_ in arrived.keys() - raised.keys():
        yield f"a mail to {arrived[id_]} belongs to no notification: {id_}"


def no_dead_letters(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for store in snapshot.stores.values():
        yield from store.dead_letters


def all_processes_are_ready(snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
    for status in snapshot.statuses:
        if status.state is not State.READY:
            yield f"{status.name} is {status.state}: {status.detail}"


def no_client_was_refused(_: Snapshot, acknowledged: Acknowledged) -> Iterator[str]:
    yield from acknowledged.refused


GENERAL: Sequence[Invariant] = (
    every_finished_payment_is_fulfilled_once,
    every_notification_arrived,
    every_accepted_notification_had_its_effect,
    every_paid_order_is_delivered,
    no_session_is_on_two_adbots,
    no_session_was_used_twice_at_once,
    no_session_is_lost,
    nothing_acknowledged_is_lost,
    versions_have_no_gaps,
    the_stream_equals_the_stores,
    readers_have_caught_up,
    every_occasion_raised_one_notification,
    everything_about_an_adbot_raised_one_notification,
    every_mail_has_one_outcome_and_one_recipient,
    no_dead_letters,
    all_processes_are_ready,
    no_client_was_refused,
)


def check(snapshot: Snapshot, acknowledged: Acknowledged, invariants: Sequence[Invariant]) -> list[Breach]:
    """Return the breaches of all invariants."""
    return [
        Breach(invariant.__name__.replace("_", " "), evidence)
        for invariant in invariants
        for evidence in invariant(snapshot, acknowledged)
    ]
