-- The engine's own tables, one set per service database. Made once, never altered by a projection.

create schema if not exists engine;

-- What happened. Nothing here is ever updated or deleted.
create table if not exists engine.events (
    position       bigint generated always as identity,
    xid            xid8 not null default pg_current_xact_id(),
    id             uuid not null unique,
    stream         text not null,
    version        integer not null check (version > 0),
    type           text not null,
    schema         integer not null,
    at             timestamptz not null,
    correlation_id uuid not null,
    causation_id   uuid not null,
    actor          text not null,
    data           jsonb not null,
    primary key (stream, version)
);
create unique index if not exists events_in_order on engine.events (xid, position);

-- Commands that were carried out, so that a repeated one answers as the first did.
create table if not exists engine.commands (
    id       uuid primary key,
    xid      xid8 not null,
    position bigint not null,
    at       timestamptz not null default now()
);

-- How far each reader has come in each service's events.
create table if not exists engine.checkpoints (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (reader, source)
);

-- Where each reader stands in the broker's stream: a shortcut, void when the stream was made anew.
create table if not exists engine.bookmarks (
    reader      text primary key,
    stream_made timestamptz not null,
    sequence    bigint not null
);

-- Events that a reader could not handle, and all later ones of the same streams, in order.
create table if not exists engine.parked (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    stream   text not null,
    envelope jsonb not null,
    error    text not null,
    at       timestamptz not null default now(),
    primary key (reader, source, xid, position)
);
create index if not exists parked_streams on engine.parked (reader, stream);

-- Which version of each projection its schema holds.
create table if not exists engine.projections (
    name    text primary key,
    version integer not null
);
