"""Invariants of the groups: each cycle's post at most once, and every recorded delivery is true."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from libs.events.forwarder import CycleAborted, CycleFinished, CycleStarted, DeliveriesRecorded, Delivery
from libs.events.scheduler import CycleDue
from libs.events.values import ResultClass
from services.forwarder.pool.posting import idempotency_key
from tests.chaos.load import Acknowledged, Advertisement
from tests.chaos.snapshot import Snapshot

Key = tuple[str, str]
"""A cycle and a group."""


@dataclass
class Deliveries:
    """The messages that cycles were to send, the recorded deliveries, and the messages in the groups."""

    messages: dict[Key, list[int]] = field(default_factory=dict[Key, list[int]])
    """Ids of the messages in the group."""
    unexpected: list[str] = field(default_factory=list[str])
    """Messages that belong to no cycle, or are in the group twice."""
    recorded: dict[Key, list[Delivery]] = field(default_factory=dict[Key, list[Delivery]])
    parts: dict[Key, int] = field(default_factory=dict[Key, int])
    """The number of messages of the post."""
    finished: set[str] = field(default_factory=set[str])
    ended: set[str] = field(default_factory=set[str])
    """Finished and aborted cycles."""


def deliveries_of(snapshot: Snapshot, advertisements: Mapping[str, Advertisement]) -> Deliveries:
    """Return the messages in the groups of these adbots, and the forwarder's events about them."""
    result = Deliveries()
    numbers: dict[tuple[int, int], tuple[Key, int]] = {}
    for _, due in snapshot.stores["scheduler"].all(CycleDue):
        advertisement = advertisements.get(str(due.adbot))
        for group in due.groups if advertisement else ():
            assert advertisement is not None
            key = str(due.cycle), group
            result.parts[key] = len(advertisement.parts)
            for part in advertisement.parts:
                numbers[advertisement.groups[group], idempotency_key(due.cycle, group, part)] = key, part
    forwarder = snapshot.stores["forwarder"]
    for _, event in forwarder.all(DeliveriesRecorded):
        for delivery in event.deliveries:
            result.recorded.setdefault((str(event.cycle), delivery.group), []).append(delivery)
    result.finished = {str(event.cycle) for _, event in forwarder.all(CycleFinished)}
    result.ended = result.finished | {str(event.cycle) for _, event in forwarder.all(CycleAborted)}
    _match_messages(result, snapshot, numbers)
    return result


def _match_messages(
    result: Deliveries, snapshot: Snapshot, numbers: Mapping[tuple[int, int], tuple[Key, int]]
) -> None:
    for chat, messages in snapshot.messages.items():
        seen: set[int] = set()
        for message in messages:
            if message.source is None:
                continue
            known = numbers.get((chat, message.random_id or 0))
            if known is None:
                result.unexpected.append(f"message {message.id} in {chat} belongs to no cycle")
            elif message.random_id in seen:
                result.unexpected.append(
                    f"message {message.id} in {chat}: part {known[1]} of {known[0]} again"
                )
            else:
                result.messages.setdefault(known[0], []).append(message.id)
            seen.add(message.random_id or 0)


class Groups:
    """The invariants of the groups of some adbots."""

    def __init__(self, advertisements: Mapping[str, Advertisement]) -> None:
        self._advertisements = advertisements

    def no_group_received_a_cycle_twice(self, snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
        found = deliveries_of(snapshot, self._advertisements)
        yield from found.unexpected
        for key, messages in found.messages.items():
            if len(messages) != found.parts[key]:
                yield f"{key} left {messages}, which is not {found.parts[key]} messages"

    def every_recorded_delivery_is_in_its_group(self, snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
        found = deliveries_of(snapshot, self._advertisements)
        for key, deliveries in found.recorded.items():
            if len(deliveries) > 1:
                yield f"{key} is recorded {len(deliveries)} times: {[one.result for one in deliveries]}"
            messages = found.messages.get(key, [])
            for one in deliveries:
                wrong = one.result is ResultClass.SENT and sorted(one.messages) != sorted(messages)
                if wrong or (one.result is ResultClass.ALREADY_SENT and not messages):
                    yield f"{key} is recorded as {one.result} {one.messages}, the group has {messages}"

    def every_message_of_a_finished_cycle_is_recorded(
        self, snapshot: Snapshot, _: Acknowledged
    ) -> Iterator[str]:
        found = deliveries_of(snapshot, self._advertisements)
        for key, messages in found.messages.items():
            results = [one.result for one in found.recorded.get(key, [])]
            if key[0] in found.finished and not any(result.delivered for result in results):
                yield f"{key} has {messages} and is recorded as {results}"

    def every_started_cycle_ends(self, snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
        found = deliveries_of(snapshot, self._advertisements)
        started = {str(event.cycle) for _, event in snapshot.stores["forwarder"].all(CycleStarted)}
        for cycle in sorted(started - found.ended):
            yield f"cycle {cycle} was started and has not ended"
        for _envelope, due in snapshot.stores["scheduler"].all(CycleDue):
            if str(due.cycle) not in started:
                yield f"cycle {due.cycle} came due and was not started"

    def the_clients_log_equals_the_events(self, snapshot: Snapshot, _: Acknowledged) -> Iterator[str]:
        found = deliveries_of(snapshot, self._advertisements)
        recorded = sorted((*key, one.result.value) for key, some in found.recorded.items() for one in some)
        rows = snapshot.stores["gateway"].tables["deliveries"]
        shown = sorted((row["cycle"], row["target"], row["result"]) for row in rows)
        if shown != recorded:
            missing, more = set(recorded) - set(shown), set(shown) - set(recorded)
            count = f"{len(recorded)} deliveries are recorded, {len(shown)} are shown"
            yield f"{count}; missing {missing}, more {more}"

    def summary(self, snapshot: Snapshot) -> str:
        """Return the numbers of cycles, deliveries and messages."""
        found = deliveries_of(snapshot, self._advertisements)
        messages = sum(map(len, found.messages.values()))
        unrecorded = sum(
            1
            for key in found.messages
            if not any(one.result.delivered for one in found.recorded.get(key, []))
        )
        return (
            f"{len(found.ended)} cycles, {len(found.recorded)} deliveries recorded, {messages} messages in "
            f"{len(snapshot.messages)} groups, {unrecorded} sends stopped before they were recorded"
        )
