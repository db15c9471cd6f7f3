"""Read model: what changed of which adbot, order or notification, so that those who listen look again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.events import billing, forwarder, gateway, provisioning, scheduler
from libs.eventsourcing import Event, Projection, Row, Sql, TableSql
from services.gateway.live.message import Mark, Position

SOURCES = ("billing", "provisioning", "scheduler", "forwarder", "gateway")
"""The sources of changes, in the order in which one leads to another."""

CHANGES = Projection(
    "changes",
    version=1,
    ddl="""
    create table changes (
        at timestamptz not null,
        source text not null,
        xid bigint not null,
        position bigint not null,
        kind text not null,
        ref text not null,
        event text not null
    ) partition by range (at);
    create index on changes (source, xid, position);

    -- adds a change, except on days that are not kept any more
    create function add_change(at_time timestamptz, of_source text, at_xid bigint, at_position bigint,
                               of_kind text, of_ref text, of_event text)
    returns void language plpgsql as $do$
    begin
        if at_time < coalesce((select k.since from engine.kept_since k where projection = 'changes'),
                              '-infinity') then
            return;
        end if;
        perform engine.make_day('changes', (at_time at time zone 'UTC')::date);
        insert into changes values (at_time, of_source, at_xid, at_position, of_kind, of_ref, of_event);
    end
    $do$;
    """,
)
"""Partitioned by day in UTC. Grows with changes, three for each cycle; days end after `CHANGES_KEPT`."""
CHANGES_KEPT = timedelta(days=2)
"""A listener that was away for longer looks at everything again."""

_ADBOT: Mapping[type[Event], str] = {
    provisioning.AdbotProvisioned: "delivered",
    provisioning.SeatsAwaited: "seats_awaited",
    provisioning.SeatFilled: "seat_filled",
    provisioning.SeatLost: "seat_lost",
    provisioning.AdbotExpired: "expired",
    provisioning.AdbotExtended: "extended",
    provisioning.AdbotSuspended: "suspended",
    provisioning.AdbotRestored: "restored",
    provisioning.SeatsReleased: "seats_released",
    scheduler.AdvertisementSet: "advertisement_set",
    scheduler.GroupOptionSet: "group_option_set",
    scheduler.PacingSet: "pacing_set",
    scheduler.AdbotStarted: "started",
    scheduler.AdbotStopped: "stopped",
    scheduler.CycleDue: "cycle_due",
    scheduler.CycleSkipped: "cycle_skipped",
    forwarder.CycleStarted: "cycle_started",
    forwarder.CycleFinished: "cycle_finished",
    forwarder.CycleAborted: "cycle_aborted",
    forwarder.JoinRequested: "join_requested",
}
_ORDER: Mapping[type[Event], str] = {
    billing.OrderPlaced: "placed",
    billing.PaymentRequested: "payment_requested",
    billing.PaymentConfirming: "payment_confirming",
    billing.PaymentConfirmed: "payment_confirmed",
    billing.PaymentSending: "payment_sending",
    billing.PaymentPartiallyPaid: "partially_paid",
    billing.PaymentFinished: "payment_finished",
    billing.PaymentFailed: "payment_failed",
    billing.PaymentExpired: "payment_expired",
    billing.PaymentRefunded: "refunded",
    billing.OrderMarkedPaid: "marked_paid",
    billing.OrderExpired: "expired",
    billing.OrderCancelled: "cancelled",
    billing.OrderFulfilled: "fulfilled",
}
NAMED: Mapping[type[Event], tuple[str, str]] = {
    **{changed: ("adbot", name) for changed, name in _ADBOT.items()},
    **{changed: ("order", name) for changed, name in _ORDER.items()},
    gateway.NotificationRaised: ("notification", "raised"),
}
"""The kind of what changed, which is also the event's field with its id, and the name of the change."""


@dataclass(frozen=True)
class Change:
    """A change of what an account owns, and where it stands among those of its source."""

    account: UUID
    source: str
    position: Position
    data: str
    """JSON: what changed (`kind`, `id`), how (`event`), and when (`at`)."""


def _add(changed: type[Event], kind: str, name: str) -> None:
    """Let events of a type add a change of the thing that they name in the field `kind`."""
    source = changed.__module__.rpartition(".")[2]

    async def add(event: Event, sql: TableSql) -> None:
        ref = str(getattr(event, kind))
        statement = "select add_change($1, $2, $3, $4, $5, $6, $7)"
        await sql.execute(statement, sql.at, source, *sql.recorded.cursor, kind, ref, name)

    CHANGES.on(changed)(add)


for _type, (_kind, _name) in NAMED.items():
    _add(_type, _kind, _name)

_FOUND = """
select c.*, coalesce(a.account, o.account, n.account) as account
from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
     with ordinality as wanted (source, from_xid, from_position, to_xid, to_position, turn)
join changes c on c.source = wanted.source and (c.xid, c.position) > (from_xid, from_position)
     and (c.xid, c.position) <= (to_xid, to_position)
left join adbots a on a.adbot = case c.kind when 'adbot' then c.ref::uuid end
left join orders o on o.order_number = case c.kind when 'order' then c.ref end
left join notifications n on n.notification = case c.kind when 'notification' then c.ref::uuid end
where coalesce(a.account, o.account, n.account) is not null
  and ($6::uuid[] is null or coalesce(a.account, o.account, n.account) = any($6))
"""
_BETWEEN = f"{_FOUND} order by turn, c.xid, c.position limit $7"
_LATEST = f"""
select * from ({_FOUND} order by c.at desc limit $7) as latest
order by array_position($1::text[], source), xid, position
"""  # noqa: S608 - constants


async def changes_between(
    sql: Sql, accounts: Sequence[UUID] | None, after: Mark, until: Mark, limit: int
) -> list[Change]:
    """Return changes of these accounts, or of all, between two marks, source by source."""
    return await _changes(sql, _BETWEEN, accounts, after, until, limit)


async def latest_changes(
    sql: Sql, accounts: Sequence[UUID] | None, after: Mark, until: Mark, limit: int
) -> list[Change]:
    """Return the latest changes of these accounts, or of all, between two marks, source by source."""
    return await _changes(sql, _LATEST, accounts, after, until, limit)


async def _changes(
    sql: Sql, query: str, accounts: Sequence[UUID] | None, after: Mark, until: Mark, limit: int
) -> list[Change]:
    bounds = [(*after.get(source, (0, 0)), *until.get(source, (0, 0))) for source in SOURCES]
    rows = await sql.fetch(query, list(SOURCES), *map(list, zip(*bounds, strict=True)), accounts, limit)
    return [_change(row) for row in rows]


def _change(row: Row) -> Change:
    data = {"kind": row["kind"], "id": row["ref"], "event": row["event"], "at": row["at"].isoformat()}
    return Change(row["account"], row["source"], (row["xid"], row["position"]), json.dumps(data))
