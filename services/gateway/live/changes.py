"""Changes of what accounts own, as messages to those who listen to an account, or to all."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from libs.events.values import AccountId
from libs.eventsourcing import Sql
from libs.eventsourcing.values import utc_now
from services.gateway.live.feed import ReadModels
from services.gateway.live.listener import Listener
from services.gateway.live.message import Mark, Message, Position
from services.gateway.tables.changes import CHANGES_KEPT, SOURCES, Change, changes_between, latest_changes

EVERYTHING = "everything"
"""The topic of operators."""
RESUMED = 1000
"""The most changes that a listener who resumes gets."""
_NOWHERE: Position = (0, 0)
_LATEST_SECONDS = 2**37


class Changes:
    """The source of changes. Its topics are accounts, and `EVERYTHING`."""

    name = "changes"

    async def folded(self, reader: ReadModels) -> Mark:
        """Return the positions of all sources up to which changes are folded."""
        return {source: tuple(cursor) for source, cursor in (await reader.checkpoints(SOURCES)).items()}

    def key(self, mark: Mark) -> str:
        """Return what a listener sends to resume after a mark, which it has reached now."""
        return key_of(mark, utc_now())

    async def between(
        self, sql: Sql, topics: Collection[Hashable], after: Mark, until: Mark, limit: int
    ) -> tuple[Sequence[Message], Mark]:
        """Return changes of these accounts between two marks, with each also for those who listen to all."""
        found = await changes_between(sql, accounts_of(topics), after, until, limit)
        messages: list[Message] = []
        mark, now = dict(after), utc_now()
        for change in found:
            mark[change.source] = change.position
            key = key_of(mark, now)
            messages += [_message(change, topic, key) for topic in (change.account, EVERYTHING)]
        return messages, until if len(found) < limit else mark

    async def missed(self, sql: Sql, topic: Hashable, after: Mark, until: Mark) -> Sequence[Message]:
        """Return the latest changes of a topic between two marks."""
        account = None if topic is EVERYTHING else cast("AccountId", topic)
        found = await latest_changes(sql, account, after, until, RESUMED)
        mark, messages, now = dict(after), list[Message](), utc_now()
        for change in found:
            mark[change.source] = change.position
            messages.append(_message(change, topic, key_of(mark, now)))
        return messages

    async def lost(self, sql: Sql, listeners: Collection[Listener]) -> Collection[Listener]:
        """Return none: an account is always its own."""
        del sql, listeners
        return ()


def accounts_of(topics: Collection[Hashable]) -> list[AccountId] | None:
    """Return the accounts among topics, None for all."""
    return None if EVERYTHING in topics else cast("list[AccountId]", list(topics))


@dataclass(frozen=True)
class Resumption:
    """From where on a listener wants changes."""

    mark: Mark
    """What this includes, it has."""
    at: datetime | None
    """When it had reached the mark; None if its key does not say so, as those of older versions."""

    def misses_more_than(self, missed: Sequence[Message]) -> bool:
        """Return whether there may have been more changes since than these, which are still kept."""
        if len(missed) >= RESUMED:
            return True
        return self.at is not None and self.at < utc_now() - CHANGES_KEPT


def key_of(mark: Mark, at: datetime) -> str:
    """Return what a listener sends to resume after a mark that it reached at an instant: opaque text."""
    parts = [*(mark.get(source, _NOWHERE) for source in SOURCES), int(at.timestamp())]
    return urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


def resumption_of(key: str) -> Resumption:
    """Return what a key says; raise `ValueError` if it is malformed."""
    parts = json.loads(urlsafe_b64decode(key.encode("ascii") + b"=" * (-len(key) % 4)))
    at: datetime | None = None
    match parts:
        case [*positions, int(seconds)] if 0 <= seconds <= _LATEST_SECONDS:
            at = datetime.fromtimestamp(seconds, UTC)
        case [*positions]:
            pass  # of an older version
        case _:
            raise ValueError("is no list")
    found = zip(SOURCES, cast("list[object]", positions), strict=True)
    return Resumption({source: _position(one) for source, one in found}, at)


def _position(given: object) -> Position:
    match given:
        case [int(xid), int(position)] if 0 <= xid < 2**63 and 0 <= position < 2**63:
            return (xid, position)
        case _:
            raise ValueError("is no position")


def _message(change: Change, topic: Hashable, key: str) -> Message:
    return Message(topic, "change", change.data, key, change.source, change.position)
