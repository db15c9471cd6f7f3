"""Read model of deliveries: what was sent where, with which result; `delivery_log` queries it."""

from libs.events.forwarder import DeliveriesRecorded
from libs.eventsourcing import Projection, TableSql

DELIVERIES = Projection(
    "deliveries",
    version=3,
    ddl="""
    create table deliveries (
        at timestamptz not null,
        adbot uuid not null,
        cycle uuid not null,
        session uuid,
        xid bigint not null,
        position bigint not null,
        line smallint not null,
        target text not null,
        result text not null,
        error text not null,
        party text,
        messages jsonb not null
    ) partition by range (at);
    create index on deliveries (adbot, at desc);
    create index on deliveries (xid, position);

    -- adds the deliveries of an event, given as JSON, except those of days that are not kept any more
    create function add_deliveries(of_adbot uuid, of_cycle uuid, at_xid bigint, at_position bigint,
                                   listed jsonb)
    returns void language plpgsql as $do$
    declare
        since timestamptz := coalesce(
            (select k.since from engine.kept_since k where projection = 'deliveries'), '-infinity'
        );
    begin
        perform engine.make_day('deliveries', day) from (
            select distinct (at at time zone 'UTC')::date as day
            from jsonb_to_recordset(listed) as lines (at timestamptz) where at >= since
        ) as days;
        insert into deliveries
        select at, of_adbot, of_cycle, session, at_xid, at_position, number, "group", result, error, party,
               messages
        from rows from (
            jsonb_to_recordset(listed)
            as (at timestamptz, session uuid, "group" text, result text, error text, party text,
                messages jsonb)
        ) with ordinality as lines (at, session, "group", result, error, party, messages, number)
        where at >= since;
    end
    $do$;
    """,
)
"""Partitioned by day in UTC. Grows with deliveries; days end after the setting `deliveries_days`.

`xid`, `position` and `line` order deliveries as they were recorded: the event's cursor, and the place in it.
"""


@DELIVERIES.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Add the deliveries, in their order."""
    await sql.execute(
        "select add_deliveries($1, $2, $3, $4, $5::text::jsonb)",
        event.adbot,
        event.cycle,
        *sql.recorded.cursor,
        event.model_dump_json(include={"deliveries"}).removeprefix('{"deliveries":').removesuffix("}"),
    )
