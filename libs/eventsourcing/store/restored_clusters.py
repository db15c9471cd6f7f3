"""Stores that were restored into a younger database cluster, where their xids lie in the future."""

from libs.eventsourcing.model.envelope import Cursor
from libs.eventsourcing.model.errors import OperatorNeeded, Remedy
from libs.eventsourcing.store.connections import Connection
from libs.eventsourcing.store.postgres import last_event

_NEXT = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as own, engine.ahead() as ahead"


class RestoredElsewhere(OperatorNeeded):
    """The store was restored into a cluster with fewer transactions: new events would be invisible."""


class StreamAhead(OperatorNeeded):
    """The stream holds events that the store does not, as after a restore from an older copy."""

    def __init__(self, service: str, published: Cursor, stored: Cursor) -> None:
        super().__init__(
            f"the stream holds events of {service} up to {published}, its store ends at {stored}: "
            "was it restored from an older copy?",
            Remedy.VERIFY,
            service=service,
        )


async def refuse_lost(connection: Connection, service: str, published: Cursor) -> None:
    """Raise `StreamAhead` if the last published event is behind everything stored.

    New events could be ordered before it, and would never be published.
    """
    stored = await last_event(connection)
    if published > stored:
        raise StreamAhead(service, published, stored)


async def refuse_future(connection: Connection) -> None:
    """Raise `RestoredElsewhere` if events have xids that this cluster has still to assign.

    New events would be ordered before them, where readers have already read.
    """
    last = await last_event(connection)
    row = await connection.fetchrow(_NEXT)
    if row is not None and last.xid >= row["own"] + row["ahead"]:
        raise RestoredElsewhere(
            f"the last stored event has xid {last.xid}, but this database cluster comes to "
            f"{row['own'] + row['ahead']} only now: the store was restored into a younger cluster",
            Remedy.REBASE,
        )


async def rebase(connection: Connection, beyond: Cursor) -> int:
    """Order all later events behind everything stored, and behind `beyond`; return by how many xids.

    Nothing stored is changed, so the cursors that readers, the stream and other services have stay true. Call
    it while the service is stopped.
    """
    async with connection.transaction():
        await connection.execute("lock table engine.events in exclusive mode")
        last = max(await last_event(connection), beyond)
        row = await connection.fetchrow(_NEXT)
        assert row is not None  # noqa: S101 - the query always returns a row
        ahead = max(int(row["ahead"]), last.xid + 1 - int(row["own"]))
        await connection.execute(
            "create or replace function engine.ahead() returns bigint language sql immutable parallel safe "
            f"as 'select {ahead}::bigint'"
        )
    return ahead
