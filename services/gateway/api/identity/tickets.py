"""Tickets that open a socket once: a browser can't send a token with it, and addresses end up in logs."""

import hashlib
import secrets
from datetime import timedelta

from pydantic import TypeAdapter

from libs.eventsourcing import Engine, Sql
from libs.eventsourcing.hosting import make_once
from libs.eventsourcing.values import utc_now
from services.gateway.api.identity.principal import Principal

VALID_SECONDS = 30
_TICKET_BYTES = 32
_TABLES = """
create schema if not exists live_tickets;
-- unlogged: after a crash of the server clients ask for others
create unlogged table if not exists live_tickets.tickets (
    digest bytea primary key,
    principal text not null,
    expires_at timestamptz not null
);
create index if not exists tickets_by_end on live_tickets.tickets (expires_at);
"""
_FORGET = """
delete from live_tickets.tickets where digest in (
    select digest from live_tickets.tickets where expires_at < $1 order by expires_at limit 10
    for update skip locked
)
"""
"""Ten are deleted for each new one, so that the table shrinks again after a peak."""
_PRINCIPAL = TypeAdapter(Principal)


class Tickets:
    """The tickets of all replicas. A row for each that was not used, for half a minute."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def make_tables(self) -> None:
        """Create the table if it is missing."""
        async with self._engine.pool.acquire() as connection:
            await make_once(connection, "live_tickets", _TABLES)

    async def issue(self, principal: Principal) -> str:
        """Return a ticket of a principal, valid once."""
        ticket, now = secrets.token_urlsafe(_TICKET_BYTES), utc_now()
        content = _PRINCIPAL.dump_json(principal).decode()
        values = (_digest(ticket), content, now + timedelta(seconds=VALID_SECONDS))

        async def store(sql: Sql) -> None:
            await sql.execute(_FORGET, now)
            await sql.execute("insert into live_tickets.tickets values ($1, $2, $3)", *values)

        await self._engine.query(store)
        return ticket

    async def use(self, ticket: str) -> Principal | None:
        """Return the principal of a ticket and delete the ticket; None if it is not valid any more."""
        statement = "delete from live_tickets.tickets where digest = $1 returning principal, expires_at"
        row = await self._engine.query(lambda sql: sql.fetchrow(statement, _digest(ticket)))
        if row is None or row["expires_at"] < utc_now():
            return None
        return _PRINCIPAL.validate_json(row["principal"])


def _digest(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode()).digest()
