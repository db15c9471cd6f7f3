"""The lines of the log of deliveries, as messages to those who listen to an adbot."""

from collections.abc import Collection, Hashable, Sequence
from typing import cast

from libs.events.values import AdbotId
from libs.eventsourcing import Sql
from services.gateway.live.feed import ReadModels
from services.gateway.live.listener import Listener
from services.gateway.live.message import Mark, Message
from services.gateway.tables.adbot_states import owners_of
from services.gateway.tables.delivery_log import LinePosition, LoggedLine, folded_lines, missed_lines

SOURCE = "forwarder"
_LAST_LINE = 2**15 - 1


class LogLines:
    """The source of lines. Their topics are adbots."""

    name = "log"

    async def folded(self, reader: ReadModels) -> Mark:
        """Return the position up to which lines are folded."""
        return {SOURCE: (*(await reader.checkpoints([SOURCE]))[SOURCE], _LAST_LINE)}

    def key(self, mark: Mark) -> str:
        """Return the id of the last line up to a mark."""
        return _key(position_of(mark))

    async def between(
        self, sql: Sql, topics: Collection[Hashable], after: Mark, until: Mark, limit: int
    ) -> tuple[Sequence[Message], Mark]:
        """Return lines of these adbots between two marks."""
        adbots = cast("Collection[AdbotId]", topics)
        lines = await folded_lines(sql, adbots, position_of(after), position_of(until), limit)
        messages = [_message(line) for line in lines]
        return messages, until if len(messages) < limit else {SOURCE: messages[-1].position}

    async def missed(self, sql: Sql, topic: Hashable, after: Mark, until: Mark) -> Sequence[Message]:
        """Return an adbot's latest lines between two marks."""
        adbot = cast("AdbotId", topic)
        lines = await missed_lines(sql, adbot, position_of(after), position_of(until))
        return [_message(line) for line in lines]

    async def lost(self, sql: Sql, listeners: Collection[Listener]) -> Collection[Listener]:
        """Return the listeners whose adbot is another account's; operators may listen to any."""
        adbots = {cast("AdbotId", one.topic) for one in listeners}
        owners = await owners_of(sql, adbots)
        return [
            one
            for one in listeners
            if one.account is not None and owners.get(cast("AdbotId", one.topic)) != one.account
        ]


def mark_at(position: LinePosition) -> Mark:
    """Return the mark of a line."""
    return {SOURCE: position}


def position_of(mark: Mark) -> LinePosition:
    """Return the position of a mark."""
    return LinePosition(*mark.get(SOURCE, (0, 0)))


def _message(one: LoggedLine) -> Message:
    return Message(one.adbot, "line", one.item, _key(one.position), SOURCE, one.position)


def _key(position: LinePosition) -> str:
    return "-".join(map(str, position))
