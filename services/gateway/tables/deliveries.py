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
    version=1,
    ddl="""
    create table deliveries (
        id bigint generated always as identity primary key,
        adbot uuid not null,
        cycle uuid not null,
        at timestamptz not null,
        session uuid,
        target text not null,
        result text not null,
        error text not null,
        messages jsonb not null
    );
    create index on deliveries (adbot, id desc);
    """,
)


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
        "insert into deliveries (adbot, cycle, at, session, target, result, error, messages) "
        "select $1, $2, (line ->> 'at')::timestamptz, (line ->> 'session')::uuid, line ->> 'group', "
        "line ->> 'result', line ->> 'error', line -> 'messages' "
        "from jsonb_array_elements($3::text::jsonb) with ordinality as lines (line, number) order by number",
        event.adbot,
        event.cycle,
        event.model_dump_json(include={"deliveries"}).removeprefix('{"deliveries":').removesuffix("}"),
    )


async def log_of(sql: Sql, adbot: AdbotId, limit: int) -> list[LogLine]:
    """Return an adbot's last deliveries, the latest first."""
    rows = await sql.fetch(
        "select d.at, d.cycle, coalesce(s.phone, '…' || right(d.session::text, 4)) as session, "
        "d.target as group, d.result, d.error, d.messages::text as messages "
        "from deliveries d left join stock s on s.session = d.session "
        "where d.adbot = $1 order by d.id desc limit $2",
        adbot,
        limit,
    )
    return [LogLine.model_validate({**row, "messages": json.loads(row["messages"])}) for row in rows]
