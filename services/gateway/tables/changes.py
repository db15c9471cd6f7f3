"""Read model: what changed of which adbot, order or notification, so that those who listen look again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from libs.events import billing, forwarder, gateway, provisioning, scheduler
from libs.eventsourcing import Event, Projection, Row, Sql, TableSql
from libs.eventsourcing.hosting import owner_of
from libs.eventsourcing.values import utc_now
from services.gateway.live.message import Mark, Position

SOURCES = ("billing", "provisioning", "scheduler", "forwarder", "gateway")
"""The sources of changes, in the order in which one leads to another."""

CHANGES = Projection(
    "changes",
    version=2,
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
    create index on changes (ref, at);

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
    source = owner_of(changed)

    async def add(event: Event, sql: TableSql) -> None:
        ref = str(getattr(event, kind))
        statement = "select add_change($1, $2, $3, $4, $5, $6, $7)"
        await sql.execute(statement, sql.at, source, *sql.recorded.cursor, kind, ref, name)

    CHANGES.on(changed)(add)


for _type, (_kind, _name) in NAMED.items():
    _add(_type, _kind, _name)

_WANTED = """
unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
    with ordinality as wanted (source, from_xid, from_position, to_xid, to_position, turn)
"""
_WITHIN = """
c.source = wanted.source and (c.xid, c.position) > (from_xid, from_position)
    and (c.xid, c.position) <= (to_xid, to_position)
"""
_OWNERS = """
left join adbots a on a.adbot = case c.kind when 'adbot' then c.ref::uuid end
left join orders o on o.order_number = case c.kind when 'order' then c.ref end
left join notifications n on n.notification = case c.kind when 'notification' then c.ref::uuid end
where coalesce(a.account, o.account, n.account) is not null
"""
_BETWEEN = f"""
select c.*, coalesce(a.account, o.account, n.account) as account
from {_WANTED} join changes c on {_WITHIN} {_OWNERS}
  and ($6::uuid[] is null or coalesce(a.account, o.account, n.account) = any($6))
order by turn, c.xid, c.position limit $7
"""  # noqa: S608 - constants
_LATEST = """
select * from ({} order by c.at desc limit $6) as latest
order by array_position($1::text[], source), xid, position
"""
_LATEST_OF_ALL = _LATEST.format(f"""
select c.*, coalesce(a.account, o.account, n.account) as account
from {_WANTED} cross join lateral (
    select * from changes c where {_WITHIN} order by c.xid desc, c.position desc limit $6
) as c {_OWNERS}
""")  # noqa: S608 - constants
"""Reads at most a limit of changes of each source, however long the listener was away."""
_LATEST_OF_ACCOUNT = _LATEST.format(f"""
select c.*, $7::uuid as account from (
    select 'adbot' as kind, adbot::text as ref from adbots where account = $7
    union all select 'order', order_number from orders where account = $7
    union all select 'notification', notification::text from notifications
    where account = $7 and raised_at > $8
) as owned cross join lateral (
    select c.* from changes c join {_WANTED} on {_WITHIN}
    where c.ref = owned.ref and c.kind = owned.kind order by c.at desc limit $6
) as c
""")  # noqa: S608 - constants
"""Reads the changes of what the account owns, and none of others, however long the listener was away."""


async def changes_between(
    sql: Sql, accounts: Sequence[UUID] | None, after: Mark, until: Mark, limit: int
) -> list[Change]:
    """Return changes of these accounts, or of all, between two marks, source by source."""
    return [_change(row) for row in await sql.fetch(_BETWEEN, *_bounds(after, until), accounts, limit)]


async def latest_changes(
    sql: Sql, account: UUID | None, after: Mark, until: Mark, limit: int
) -> list[Change]:
    """Return the latest changes of an account, or of all, between two marks, source by source."""
    bounds = _bounds(after, until)
    if account is None:
        rows = await sql.fetch(_LATEST_OF_ALL, *bounds, limit)
    else:
        kept_since = utc_now() - CHANGES_KEPT - timedelta(days=1)  # a day is dropped when all of it is old
        rows = await sql.fetch(_LATEST_OF_ACCOUNT, *bounds, limit, account, kept_since)
    return [_change(row) for row in rows]


def _bounds(after: Mark, until: Mark) -> list[list[str] | list[int]]:
    """Return the sources, and a list for each half of the positions after which and up to which."""
    bounds = [(*after.get(source, (0, 0)), *until.get(source, (0, 0))) for source in SOURCES]
    return [list(SOURCES), *map(list, zip(*bounds, strict=True))]


def _change(row: Row) -> Change:
    data = {"kind": row["kind"], "id": row["ref"], "event": row["event"], "at": row["at"].isoformat()}
    return Change(row["account"], row["source"], (row["xid"], row["position"]), json.dumps(data))
