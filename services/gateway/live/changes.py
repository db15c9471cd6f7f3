"""Changes of what accounts own, as messages to those who listen to an account, or to all."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection, Hashable, Sequence
from typing import cast

from libs.events.values import AccountId
from libs.eventsourcing import Sql
from services.gateway.live.feed import ReadModels
from services.gateway.live.listener import Listener
from services.gateway.live.message import Mark, Message, Position
from services.gateway.tables.changes import SOURCES, Change, changes_between, latest_changes

EVERYTHING = "everything"
"""The topic of operators."""
RESUMED = 1000
"""The most changes that a listener who resumes gets."""
_NOWHERE: Position = (0, 0)


class Changes:
    """The source of changes. Its topics are accounts, and `EVERYTHING`."""

    name = "changes"

    async def folded(self, reader: ReadModels) -> Mark:
        """Return the positions of all sources up to which changes are folded."""
        return {source: tuple(await reader.checkpoint(source)) for source in SOURCES}

    async def between(
        self, sql: Sql, topics: Collection[Hashable], after: Mark, until: Mark, limit: int
    ) -> tuple[Sequence[Message], Mark]:
        """Return changes of these accounts between two marks, with each also for those who listen to all."""
        found = await changes_between(sql, accounts_of(topics), after, until, limit)
        messages: list[Message] = []
        mark = dict(after)
        for change in found:
            mark[change.source] = change.position
            key = key_of(mark)
            messages += [_message(change, topic, key) for topic in (change.account, EVERYTHING)]
        return messages, until if len(found) < limit else mark

    async def missed(self, sql: Sql, topic: Hashable, after: Mark, until: Mark) -> Sequence[Message]:
        """Return the latest changes of a topic between two marks."""
        account = None if topic is EVERYTHING else cast("AccountId", topic)
        found = await latest_changes(sql, account, after, until, RESUMED)
        mark, messages = dict(after), list[Message]()
        for change in found:
            mark[change.source] = change.position
            messages.append(_message(change, topic, key_of(mark)))
        return messages

    async def lost(self, sql: Sql, listeners: Collection[Listener]) -> Collection[Listener]:
        """Return none: an account is always its own."""
        del sql, listeners
        return ()


def accounts_of(topics: Collection[Hashable]) -> list[AccountId] | None:
    """Return the accounts among topics, None for all."""
    return None if EVERYTHING in topics else cast("list[AccountId]", list(topics))


def key_of(mark: Mark) -> str:
    """Return what a listener sends to resume after a mark: opaque text."""
    positions = [mark.get(source, _NOWHERE) for source in SOURCES]
    return urlsafe_b64encode(json.dumps(positions, separators=(",", ":")).encode()).decode().rstrip("=")


def mark_of(key: str) -> Mark:
    """Return the mark of a key; raise `ValueError` if it is malformed."""
    positions = json.loads(urlsafe_b64decode(key.encode("ascii") + b"=" * (-len(key) % 4)))
    if not isinstance(positions, list) or len(cast("list[object]", positions)) != len(SOURCES):
        raise ValueError("has another number of positions")
    return {
        source: _position(position)
        for source, position in zip(SOURCES, cast("list[object]", positions), strict=True)
    }


def _position(given: object) -> Position:
    match given:
        case [int(xid), int(position)] if 0 <= xid < 2**63 and 0 <= position < 2**63:
            return (xid, position)
        case _:
            raise ValueError("is no position")


def _message(change: Change, topic: Hashable, key: str) -> Message:
    return Message(topic, "change", change.data, key, change.source, change.position)
