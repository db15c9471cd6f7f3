"""The tables of webhooks that no event decides: secrets and messages."""

from libs.eventsourcing import Engine
from libs.eventsourcing.hosting import make_once

TABLES = """
create schema if not exists webhooks;
-- a row for each webhook: its secrets, sealed, and how it goes; two that are added at once want one slot
create table if not exists webhooks.endpoints (
    hook uuid primary key,
    account uuid not null,
    slot smallint not null,
    sealed bytea not null,
    old_sealed bytea,
    old_until timestamptz,
    rotation uuid,
    given_up integer not null default 0,
    failing_since timestamptz,
    unique (account, slot)
);
alter table webhooks.endpoints add column if not exists rotation uuid;
-- a row for each message, until some days after its end
create table if not exists webhooks.deliveries (
    message uuid primary key,
    hook uuid not null,
    type text not null,
    body text not null,
    state text not null default 'waiting',
    detail text not null default '',
    created_at timestamptz not null,
    give_up_at timestamptz not null,
    try_at timestamptz not null,
    claimed_until timestamptz not null,
    attempts integer not null default 0,
    tries integer not null default 0,
    last_at timestamptz,
    last_status integer,
    last_trouble text,
    ended_at timestamptz
);
create index if not exists deliveries_log on webhooks.deliveries (hook, created_at desc, message desc);
create index if not exists deliveries_due on webhooks.deliveries (try_at) where state = 'waiting';
create index if not exists deliveries_of_hook on webhooks.deliveries (hook, try_at) where state = 'waiting';
create index if not exists deliveries_ended on webhooks.deliveries (ended_at) where state <> 'waiting';
"""
"""`attempts` counts all attempts of a message, `tries` those since it was asked for last."""


async def make_tables(engine: Engine) -> None:
    """Create the tables if they are missing."""
    async with engine.pool.acquire() as connection:
        await make_once(connection, "webhooks", TABLES)
