"""The journal of the server's calls with their outcomes, and of its connections."""

import itertools
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from sandbox.telegram.models import Count, JournalEntry, JournalQuery
from sandbox.telegram.specs import unmarked


@dataclass(slots=True)
class Entry:
    """One call or connection event; it is stored once its outcome is known."""

    method: str
    connection: int
    session: str | None = None
    account: int | None = None
    chat: int | None = None
    source: int | None = None
    message_ids: list[int] = field(default_factory=list[int])
    random_ids: list[int] = field(default_factory=list[int])
    written_ids: list[int] = field(default_factory=list[int])
    outcome: str = "ok"
    answered: bool = True
    fault: int | None = None
    detail: str = ""


class Journal:
    """The latest entries, and the number of calls by method and outcome since the start."""

    def __init__(self, capacity: int = 100_000) -> None:
        self._entries: deque[tuple[int, datetime, float, Entry]] = deque(maxlen=capacity)
        self._counts: Counter[tuple[str, str]] = Counter()
        self._numbers = itertools.count(1)

    def write(self, entry: Entry) -> None:
        """Store the entry with the present time."""
        self._entries.append((next(self._numbers), datetime.now(UTC), time.monotonic(), entry))
        self._counts[entry.method, entry.outcome] += 1

    def read(self, query: JournalQuery) -> list[JournalEntry]:
        """Return the entries that match the query, oldest first."""
        wanted = (kept for kept in self._entries if _matches(query, kept[0], kept[3]))
        return [
            JournalEntry(number=number, at=at, monotonic=monotonic, **asdict(entry))
            for number, at, monotonic, entry in itertools.islice(wanted, query.limit)
        ]

    def counts(self) -> list[Count]:
        """Return the number of calls by method and outcome, since the start or the last clearing."""
        return [
            Count(method=method, outcome=outcome, times=times)
            for (method, outcome), times in sorted(self._counts.items())
        ]

    def clear(self) -> None:
        """Delete all entries and counts; numbers continue."""
        self._entries.clear()
        self._counts.clear()


def _matches(query: JournalQuery, number: int, entry: Entry) -> bool:
    return (
        number > query.after
        and query.account in (None, entry.account)
        and query.outcome in (None, entry.outcome)
        and (query.method is None or query.method.lower() == entry.method.lower())
        and (query.chat is None or unmarked(query.chat) in (entry.chat, entry.source))
    )
