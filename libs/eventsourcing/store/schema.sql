-- The engine's own tables, one set per service database. Made once, never altered by a projection.

create schema if not exists engine;

-- Which text of this file, and of others like it, was carried out last: not again at every start.
create table if not exists engine.made (
    name   text primary key,
    digest text not null,
    at     timestamptz not null default now()
);

-- By how much the xids of stored events are ahead of this cluster's own: 0, until a store that was restored into
-- a younger cluster is rebased. See docs/decisions/0007.
do $do$
begin
    if to_regprocedure('engine.ahead()') is null then
        create function engine.ahead() returns bigint language sql immutable parallel safe as 'select 0::bigint';
        -- what an event written now is stamped with
        create function engine.stamp() returns xid8 language sql stable as
            'select (pg_current_xact_id()::text::bigint + engine.ahead())::text::xid8';
        -- every event that can still appear is stamped with this or more
        create function engine.horizon() returns xid8 language sql stable as
            'select (pg_snapshot_xmin(pg_current_snapshot())::text::bigint + engine.ahead())::text::xid8';
    end if;
end
$do$;

-- What happened. Nothing here is ever updated or deleted.
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

-- Commands that were carried out, so that a repeated one answers as the first did.
create table if not exists engine.commands (
    id       uuid primary key,
    xid      xid8 not null,
    position bigint not null,
    at       timestamptz not null default now()
);

-- The folded states of long streams: at most one row a stream, replaced every hundred events or so. Any row may
-- be deleted; `version` is that of the code that folded it.
create table if not exists engine.snapshots (
    stream     text primary key,
    version    integer not null,
    at_version integer not null,
    state      text not null
);

-- How far each reader has come in each service's events.
create table if not exists engine.checkpoints (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (reader, source)
);

-- The resume offset of each reader in the broker's stream: a shortcut, void once the stream is recreated.
create table if not exists engine.bookmarks (
    reader      text primary key,
    stream_made timestamptz not null,
    sequence    bigint not null
);
-- The same as `sequence`, unless a program moved that which reads no partitions and may have passed some by.
alter table engine.bookmarks add column if not exists sequence_with_partitions bigint;

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

-- DeadLetter streams that an operator wants tried again: the reader does it, and removes the row.
create table if not exists engine.retries (
    reader   text not null,
    source   text not null,
    stream   text not null,
    asked_at timestamptz not null default now(),
    primary key (reader, source, stream)
);

-- DeadLetter events that an operator gave up: they are handled never, and are missing in every fold.
create table if not exists engine.dropped (
    reader   text not null,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    primary key (reader, source, xid, position)
);

-- Which event types each reader handles (null: all), since when it has once come to the stream's end, and in
-- how many parts it is split.
create table if not exists engine.readers (
    name        text primary key,
    events      text[]
);
alter table engine.readers add column if not exists complete_at timestamptz;
alter table engine.readers add column if not exists parts integer not null default 1;

-- Which version of each projection its schema holds, and who folds it: 'state' or 'read'.
create table if not exists engine.projections (
    name    text primary key,
    version integer not null,
    kind    text
);
alter table engine.projections add column if not exists kind text;

-- Shadow tables: being built or checked, or archived for a rollback. What they hold is folded from
-- all events up to the checkpoints; `sequence` says where in which stream to go on reading.
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
-- The reader's dead letters, so that they are not in these tables either.
create table if not exists engine.beside_skipped (
    schema   text not null references engine.beside on update cascade on delete cascade,
    source   text not null,
    xid      bigint not null,
    position bigint not null,
    envelope jsonb not null,
    primary key (schema, source, xid, position)
);

-- Why the relay to a stream does not publish, and since when. A row at most for each stream; it goes as soon as
-- something was published or checked.
create table if not exists engine.relay_troubles (
    stream  text primary key,
    error   text not null,
    since   timestamptz not null default now(),
    last_at timestamptz not null default now()
);
