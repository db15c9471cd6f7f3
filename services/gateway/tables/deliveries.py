"""Read model and queries of deliveries: what was sent where, with which result."""

import json
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from libs.events.forwarder import DeliveriesRecorded
from libs.events.values import AdbotId, ResultClass
from libs.eventsourcing import Projection, Sql, TableSql

DELIVERIES = Projection(
    "deliveries",
    version=2,
    ddl="""
    create table deliveries (
        at timestamptz not null,
        adbot uuid not null,
        cycle uuid not null,
        session uuid,
        position bigint not null,
        line smallint not null,
        target text not null,
        result text not null,
        error text not null,
        messages jsonb not null
    ) partition by range (at);
    create index on deliveries (adbot, at desc);

    -- adds the deliveries of an event, given as JSON, except those of days that are not kept any more
    create function add_deliveries(of_adbot uuid, of_cycle uuid, at_position bigint, listed jsonb)
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
        select at, of_adbot, of_cycle, session, at_position, number, "group", result, error, messages
        from rows from (
            jsonb_to_recordset(listed)
            as (at timestamptz, session uuid, "group" text, result text, error text, messages jsonb)
        ) with ordinality as lines (at, session, "group", result, error, messages, number)
        where at >= since;
    end
    $do$;
    """,
)
"""Partitioned by day in UTC. Grows with deliveries; days end after the setting `deliveries_days`.

`position` and `line` order deliveries of one instant, as they were recorded.
"""


class LogLine(BaseModel):
    """The delivery to one group in one cycle."""

    at: datetime
    cycle: UUID
    session: str | None
    """The masked phone number; None where no seat tried."""
    group: str
    result: ResultClass
    error: str
    """Telegram's name of the error; empty without one."""
    messages: list[int]
    """The ids of the messages in the group."""


@DELIVERIES.on(DeliveriesRecorded)
async def recorded(event: DeliveriesRecorded, sql: TableSql) -> None:
    """Add the deliveries, in their order."""
    await sql.execute(
        "select add_deliveries($1, $2, $3, $4::text::jsonb)",
        event.adbot,
        event.cycle,
        sql.recorded.cursor.position,
        event.model_dump_json(include={"deliveries"}).removeprefix('{"deliveries":').removesuffix("}"),
    )


async def log_of(sql: Sql, adbot: AdbotId, limit: int) -> list[LogLine]:
    """Return an adbot's last deliveries, the latest first."""
    rows = await sql.fetch(
        "select d.at, d.cycle, coalesce(s.phone, '…' || right(d.session::text, 4)) as session, "
        "d.target as group, d.result, d.error, d.messages::text as messages "
        "from deliveries d left join stock s on s.session = d.session "
        "where d.adbot = $1 order by d.at desc, d.position desc, d.line desc limit $2",
        adbot,
        limit,
    )
    return [LogLine.model_validate({**row, "messages": json.loads(row["messages"])}) for row in rows]
