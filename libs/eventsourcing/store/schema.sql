-- The engine's own tables, one set per service database, independent of projections.

create schema if not exists engine;

-- The digest of this file, and of others like it, as executed last: an unchanged file is not executed again.
create table if not exists engine.made (
    name   text primary key,
    digest text not null,
    at     timestamptz not null default now()
);

-- The offset of stored events' xids against this cluster's own: 0, until a store that was restored into a
-- younger cluster is rebased. See docs/decisions/0007.
do $do$
begin
    if to_regprocedure('engine.ahead()') is null then
        create function engine.ahead() returns bigint language sql immutable parallel safe as 'select 0::bigint';
        -- the xid of an event that is appended now
        create function engine.stamp() returns xid8 language sql stable as
            'select (pg_current_xact_id()::text::bigint + engine.ahead())::text::xid8';
        -- no event that can still appear has a lower xid
        create function engine.horizon() returns xid8 language sql stable as
            'select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + engine.ahead())::text::xid8';
    end if;
end
$do$;

-- The events. Rows are never deleted, and never updated but by operations/stripping.py.
create table if not exists engine.events (
    position       bigint generated always as identity,
    xid            xid8 not null default engine.stamp(),
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
alter table engine.events alter column xid set default engine.stamp();
create unique index if not exists events_in_order on engine.events (xid, position);
create index if not exists events_of_story on engine.events (correlation_id);

-- The ids of executed commands, so that a duplicate returns the first result.
create table if not exists engine.commands (
    id       uuid primary key,
    xid      xid8 not null,
    position bigint not null,
    at       timestamptz not null default now()
);
-- for deleting by age; it holds a range of times for each range of pages, as rows lie in the order of their times
create index if not exists commands_by_age on engine.commands using brin (at);

-- Snapshots: the folded states of long streams, at most one row per stream, replaced about every hundred events.
-- Any row may be deleted; `version` is that of the folding code.
create table if not exists engine.snapshots (
    stream     text primary key,
    version    integer not null,
    at_version integer not null,
    state      text not null
);

-- The checkpoint of each reader in each service's events.
create table if not exists engine.checkpoints (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (reader, source)
);

-- The resume offset of each reader in the JetStream stream: a shortcut, void once the stream is recreated.
create table if not exists engine.bookmarks (
    reader      text primary key,
    stream_made timestamptz not null,
    sequence    bigint not null
);
-- Equal to `sequence`, unless a program that reads no partitions advanced that, and may have skipped some.
alter table engine.bookmarks add column if not exists sequence_with_partitions bigint;

-- Dead letters: events that a reader could not handle, and all later events of their streams, in order.
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

-- Streams whose dead letters an operator wants to retry; the reader retries them and deletes the row.
create table if not exists engine.retries (
    reader   text not null,
    source   text not null,
    stream   text not null,
    asked_at timestamptz not null default now(),
    primary key (reader, source, stream)
);

-- Dead letters that an operator dropped: they are never handled, and are missing in every fold.
create table if not exists engine.dropped (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (reader, source, xid, position)
);

-- The event types that each reader handles (null for all), when it first reached the stream's end, and its
-- number of partitions.
create table if not exists engine.readers (
    name        text primary key,
    events      text[]
);
alter table engine.readers add column if not exists complete_at timestamptz;
alter table engine.readers add column if not exists parts integer not null default 1;

-- The version of each projection's tables, and its kind: 'state' or 'read'.
create table if not exists engine.projections (
    name    text primary key,
    version integer not null,
    kind    text
);
alter table engine.projections add column if not exists kind text;

-- From which instant on a projection keeps the rows of its tables by day: older days were dropped, and are not
-- folded again. At most one row per projection.
create table if not exists engine.kept_since (
    projection text primary key,
    since      timestamptz not null
);

-- Creates the partition of a table by day, where `on_day` is a day in UTC; nothing if it exists.
create or replace function engine.make_day(parent regclass, on_day date) returns void language plpgsql as $do$
declare
    home regnamespace := (select relnamespace from pg_class where oid = parent);
    partition text := format('%s.%I', home, (select relname from pg_class where oid = parent)
                             || to_char(on_day, '_YYYYMMDD'));
begin
    if to_regclass(partition) is not null then
        return;
    end if;
    -- one after the other; a lock on a table, unlike an advisory one, makes a partition of another visible here
    execute format('lock table only %s in share update exclusive mode', parent);
    if to_regclass(partition) is null then
        -- attached afterwards, so that those who read and write other days need not wait
        execute format('create table %s (like %s including defaults)', partition, parent);
        execute format('alter table %s attach partition %s for values from (%L) to (%L)', parent, partition,
                       on_day::timestamp at time zone 'UTC', (on_day + 1)::timestamp at time zone 'UTC');
    end if;
end
$do$;

-- Shadow tables: being built or checked, or archived for a rollback. They are folded from all events up to
-- their checkpoints; `sequence` is their resume offset in the stream that was created at `stream_made`.
create table if not exists engine.beside (
    schema      text primary key,
    name        text not null,
    version     integer not null,
    kind        text not null,
    purpose     text not null,
    ddl         text not null,
    begun_at    timestamptz not null default now(),
    folded      bigint not null default 0,
    stream_made timestamptz,
    sequence    bigint not null default 0
);
alter table engine.beside add column if not exists sequence_with_partitions bigint;
create table if not exists engine.beside_checkpoints (
    schema   text not null references engine.beside on update cascade on delete cascade,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (schema, source)
);
-- The dead letters of the reader, which its shadow tables leave out, too.
create table if not exists engine.beside_skipped (
    schema   text not null references engine.beside on update cascade on delete cascade,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    envelope jsonb not null,
    primary key (schema, source, xid, position)
);

-- The error that keeps the relay to a stream from publishing, and its time. At most one row per stream, deleted
-- at the next successful publish or check.
create table if not exists engine.relay_troubles (
    stream  text primary key,
    error   text not null,
    since   timestamptz not null default now(),
    last_at timestamptz not null default now()
);
