"""Queries: the streams that a read model names for an id that somebody has pasted."""

from libs.chassis.pasted import Kind, Pasted
from libs.eventsourcing import Row, Sql
from services.gateway.mail.addresses import canonical_or_same

MOST = 100
"""The most streams that are named for one id."""
_ACCOUNTS = """
select 'account-' || account as stream from accounts join personal.addresses using (account)
where mailbox = any($1) limit $2
"""
_ORDERS = """
select 'order-' || order_number as stream from orders join personal.addresses using (account)
where mailbox = any($1) order by placed_at desc limit $2
"""
_PAYMENT = "select 'order-' || order_number as stream from orders where payment = $1 limit $2"
_ADBOTS = """
select category || adbot as stream from adbot_schedules, unnest(array['adbot-', 'schedule-']) as category
where exists (select from jsonb_array_elements_text(targets) as target
              where target = $1 or starts_with(target, $1 || '/')) or post->>'channel' = $1
limit $2
"""


async def streams_named(sql: Sql, wanted: Pasted) -> list[str]:
    """Return the streams of an e-mail address, of a group or channel, or of a payment; none for other ids."""
    rows: list[Row] = []
    match wanted.kind:
        case Kind.EMAIL:
            mailbox = list(dict.fromkeys((wanted.text, canonical_or_same(wanted.text))))
            rows = [*await sql.fetch(_ACCOUNTS, mailbox, MOST), *await sql.fetch(_ORDERS, mailbox, MOST)]
        case Kind.TELEGRAM:
            rows = await sql.fetch(_ADBOTS, wanted.text, MOST)
        case Kind.NAME:
            rows = await sql.fetch(_PAYMENT, wanted.text, MOST)
        case Kind.ORDER | Kind.ID:
            pass
    return [row["stream"] for row in rows]
