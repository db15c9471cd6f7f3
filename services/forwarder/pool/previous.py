"""Deletes the posts of a seat that later ones of its adbot have replaced, one between two sends."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from libs.events.values import AdbotId, ResultClass
from libs.eventsourcing import Engine, Sql
from services.forwarder.cycle.commands import Outcome
from services.forwarder.pool.connection import SessionConnection
from services.forwarder.pool.leases import HeldLease, now
from services.forwarder.pool.own_posts import DELETED_WITHIN, array_of
from services.forwarder.pool.posting import Posting
from services.forwarder.pool.sends import Send
from services.forwarder.ports import MessengerError, Peer

log = structlog.stdlib.get_logger()

AT_ONCE = 100
"""How many deletions are read together."""
APART_SECONDS = 1.0
"""The longest time between two deletions; with a shorter delay between sends it is that."""
TROUBLE_SECONDS = 60.0
"""How long deletions rest after an answer that says nothing about the messages."""
_RESTING = frozenset({ResultClass.RATE_LIMITED, ResultClass.ACCOUNT_LIMITED, ResultClass.TRANSIENT})

_READ = """
select d.channel, d.messages, k.access_hash
from pool.deletions d
cross join lateral (
    select k.access_hash from pool.known_peers k
    where k.session = d.session and k.adbot = d.adbot and k.channel = d.channel limit 1
) k
where d.session = $1 and d.adbot = $2 and d.at > clock_timestamp() - $3::interval
  and not exists (select from pool.deletions r where r.session = $1 and r.not_before > clock_timestamp())
order by d.at, d.channel
limit $4
"""
_DONE = """
delete from pool.deletions d using unnest($2::bigint[], $3::text[]) as w (channel, messages)
where d.session = $1 and d.channel = w.channel and d.messages = w.messages::bigint[]
"""


@dataclass(frozen=True)
class Deletion:
    """A post that is to be deleted from a chat."""

    chat: Peer
    messages: tuple[int, ...]


class PreviousPosts:
    """The deletions of one seat. A failure never affects its sends.

    They are requests of its account like others: paced, and never made before a limit has passed.
    """

    def __init__(self, engine: Engine, held: HeldLease, connection: SessionConnection) -> None:
        self._engine = engine
        self._held = held
        self._connection = connection
        self._waiting: deque[Deletion] = deque()
        self._done: list[Deletion] = []
        self._adbot: AdbotId | None = None
        self._unread = False
        """Deletions may have been stored since they were read."""
        self._apart = APART_SECONDS
        self._next_at = 0.0

    def recorded(self, outcomes: Iterable[tuple[Send, Outcome]]) -> None:
        """Look for deletions from now on if outcomes of sends that replace posts have been recorded."""
        for send, _ in outcomes:
            if send.options.delete_previous:
                self._unread = True
                self._apart = min(APART_SECONDS, send.delay_seconds)

    async def delete_one(self) -> float | None:
        """Delete one post, if it is time; return the seconds until the next, None if there is none.

        Nothing is deleted while the seat is not connected for the adbot.
        """
        working_for = self._connection.working_for
        if working_for is None:
            return None
        adbot, posting = working_for
        if self._unread or (self._waiting and adbot != self._adbot):
            await self._read(adbot)
        if not self._waiting:
            return None
        wait = self._next_at - now()
        if wait > 0:
            return wait
        await self._delete(posting, self._waiting.popleft())
        if not self._waiting:
            await self._store_done()
            return None
        self._next_at = now() + self._apart
        return self._apart

    async def _read(self, adbot: AdbotId) -> None:
        await self._store_done()
        rows = await self._engine.query(
            lambda sql: sql.fetch(_READ, self._held.lease.session, adbot, DELETED_WITHIN, AT_ONCE)
        )
        self._waiting = deque(
            Deletion(Peer(row["channel"], row["access_hash"]), tuple(row["messages"])) for row in rows
        )
        self._adbot, self._unread = adbot, len(rows) == AT_ONCE

    async def _delete(self, posting: Posting, deletion: Deletion) -> None:
        self._held.check()
        try:
            await posting.delete(deletion.chat, deletion.messages)
        except MessengerError as error:
            await self._failed(deletion, error)
        else:
            self._done.append(deletion)

    async def _failed(self, deletion: Deletion, error: MessengerError) -> None:
        """Rest after a limit or trouble; give the deletion up if it was refused."""
        log.info(
            "previous.not_deleted",
            session=str(self._held.lease.session),
            chat=deletion.chat.chat,
            error=error.name,
        )
        if error.meaning.disconnects:
            await self._connection.close()
        if error.meaning.result in _RESTING:
            self._waiting.clear()
            seconds = timedelta(seconds=error.meaning.wait_seconds or TROUBLE_SECONDS)
            await self._engine.query(lambda sql: self._rest(sql, seconds))
        else:
            self._done.append(deletion)

    async def _rest(self, sql: Sql, time: timedelta) -> None:
        """Let all deletions of the session wait, also if another worker takes it."""
        await sql.execute(
            "update pool.deletions set not_before = clock_timestamp() + $2 where session = $1",
            self._held.lease.session,
            time,
        )

    async def _store_done(self) -> None:
        """Delete the rows of what has been deleted; without that it would be tried once more, in vain."""
        done = self._done
        if done:
            await self._engine.query(
                lambda sql: sql.execute(
                    _DONE,
                    self._held.lease.session,
                    [one.chat.chat for one in done],
                    [array_of(one.messages) for one in done],
                )
            )
            self._done = []
