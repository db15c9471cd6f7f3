"""What must hold in the groups: every cycle's post at most once, and nothing said that is not so."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from libs.events.forwarder import CycleAborted, CycleFinished, CycleStarted, DeliveriesRecorded, Delivery
from libs.events.scheduler import CycleDue
from libs.events.values import ResultClass
from services.forwarder.pool.posting import idempotency_key
from tests.chaos.load import Stage, Told
from tests.chaos.truth import Truth

Key = tuple[str, str]
"""A cycle and a group."""


@dataclass
class Ledger:
    """What was to be sent, what is said to have been, and what the groups hold."""

    held: dict[Key, list[int]] = field(default_factory=dict[Key, list[int]])
    """Ids of the messages that stand in the group."""
    strange: list[str] = field(default_factory=list[str])
    """Messages that no cycle accounts for, or that stand there twice."""
    said: dict[Key, list[Delivery]] = field(default_factory=dict[Key, list[Delivery]])
    parts: dict[Key, int] = field(default_factory=dict[Key, int])
    finished: set[str] = field(default_factory=set[str])
    over: set[str] = field(default_factory=set[str])


def ledger(truth: Truth, stages: Mapping[str, Stage]) -> Ledger:
    """Return what the groups of these adbots hold, beside what the forwarder's events say."""
    book = Ledger()
    numbers: dict[tuple[int, int], tuple[Key, int]] = {}
    for _, due in truth.stores["scheduler"].all(CycleDue):
        stage = stages.get(str(due.adbot))
        for group in due.groups if stage else ():
            assert stage is not None
            key = str(due.cycle), group
            book.parts[key] = len(stage.parts)
            for part in stage.parts:
                numbers[stage.groups[group], idempotency_key(due.cycle, group, part)] = key, part
    forwarder = truth.stores["forwarder"]
    for _, recorded in forwarder.all(DeliveriesRecorded):
        for delivery in recorded.deliveries:
            book.said.setdefault((str(recorded.cycle), delivery.group), []).append(delivery)
    book.finished = {str(event.cycle) for _, event in forwarder.all(CycleFinished)}
    book.over = book.finished | {str(event.cycle) for _, event in forwarder.all(CycleAborted)}
    _hold(book, truth, numbers)
    return book


def _hold(book: Ledger, truth: Truth, numbers: Mapping[tuple[int, int], tuple[Key, int]]) -> None:
    for chat, messages in truth.messages.items():
        seen: set[int] = set()
        for message in messages:
            if message.source is None:
                continue
            known = numbers.get((chat, message.random_id or 0))
            if known is None:
                book.strange.append(f"message {message.id} in {chat} belongs to no cycle")
            elif message.random_id in seen:
                book.strange.append(f"message {message.id} in {chat}: part {known[1]} of {known[0]} again")
            else:
                book.held.setdefault(known[0], []).append(message.id)
            seen.add(message.random_id or 0)


class Groups:
    """The invariants of the groups of some adbots."""

    def __init__(self, stages: Mapping[str, Stage]) -> None:
        self._stages = stages

    def no_group_got_a_cycle_twice(self, truth: Truth, _: Told) -> Iterator[str]:
        book = ledger(truth, self._stages)
        yield from book.strange
        for key, messages in book.held.items():
            if len(messages) != book.parts[key]:
                yield f"{key} left {messages}, which is not {book.parts[key]} messages"

    def every_delivery_that_is_claimed_stands_there(self, truth: Truth, _: Told) -> Iterator[str]:
        book = ledger(truth, self._stages)
        for key, deliveries in book.said.items():
            if len(deliveries) > 1:
                yield f"{key} is told of {len(deliveries)} times: {[one.result for one in deliveries]}"
            held = book.held.get(key, [])
            for one in deliveries:
                wrong = one.result is ResultClass.SENT and sorted(one.messages) != sorted(held)
                if wrong or (one.result is ResultClass.ALREADY_SENT and not held):
                    yield f"{key} is told as {one.result} {one.messages}, the group holds {held}"

    def every_finished_cycle_tells_of_every_message(self, truth: Truth, _: Told) -> Iterator[str]:
        book = ledger(truth, self._stages)
        for key, held in book.held.items():
            results = [one.result for one in book.said.get(key, [])]
            if key[0] in book.finished and not any(result.delivered for result in results):
                yield f"{key} holds {held} and is told as {results}"

    def every_cycle_comes_to_an_end(self, truth: Truth, _: Told) -> Iterator[str]:
        book = ledger(truth, self._stages)
        started = {str(event.cycle) for _, event in truth.stores["forwarder"].all(CycleStarted)}
        for cycle in sorted(started - book.over):
            yield f"cycle {cycle} was started and is not over"
        for _envelope, due in truth.stores["scheduler"].all(CycleDue):
            if str(due.cycle) not in started:
                yield f"cycle {due.cycle} came due and was not started"

    def the_clients_log_equals_the_events(self, truth: Truth, _: Told) -> Iterator[str]:
        book = ledger(truth, self._stages)
        said = sorted((*key, one.result.value) for key, some in book.said.items() for one in some)
        rows = truth.stores["gateway"].tables["deliveries"]
        shown = sorted((row["cycle"], row["target"], row["result"]) for row in rows)
        if shown != said:
            missing, more = set(said) - set(shown), set(shown) - set(said)
            yield f"{len(said)} deliveries happened, {len(shown)} are shown; missing {missing}, more {more}"

    def summary(self, truth: Truth) -> str:
        """Return how much the groups hold."""
        book = ledger(truth, self._stages)
        messages = sum(map(len, book.held.values()))
        untold = sum(
            1 for key in book.held if not any(one.result.delivered for one in book.said.get(key, []))
        )
        return (
            f"{len(book.over)} cycles, {len(book.said)} deliveries told, {messages} messages in "
            f"{len(truth.messages)} groups, {untold} sends stopped before they were told"
        )
