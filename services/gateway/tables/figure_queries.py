"""The statements behind figures."""

from services.gateway.tables.paging import Key, KeyType, PagedList, holds

FAILED = "f.failed_at, f.failed_result, f.failed_error, f.failed_party"
SEATS = f"""
select s.session as id, s.phone as session, coalesce(f.flood_waits, 0) as flood_waits, f.rests_until,
       f.rest_error, f.last_at, {FAILED}, f.failed_group, s.phone as failed_session,
       (select coalesce(jsonb_object_agg(r.result, r.count), '{{}}')::text from (
            select result, sum(count) as count from seat_results
            where adbot = s.adbot and session = s.session group by result
        ) r) as counts
from stock s left join seat_figures f on f.adbot = s.adbot and f.session = s.session
where s.adbot = $1 order by s.phone, s.session
"""  # noqa: S608 - constants
LAST_FAILED = f"""
select {FAILED}, f.failed_group, s.phone as failed_session
from seat_figures f left join stock s using (session)
where f.adbot = $1 and f.failed_at is not null order by f.failed_at desc limit 1
"""  # noqa: S608 - constants
_GROUPS = f"""(
with named as (
    select grp from group_figures where adbot = $1
    union select jsonb_array_elements_text(targets) from adbot_schedules where adbot = $1
    union select unnest(l.groups) from adbot_schedules a join group_lists l on l.list = any(a.lists)
    where a.adbot = $1
)
select n.grp, coalesce(a.targets ? n.grp, false) or exists (
    select from group_lists l where l.list = any(a.lists) and n.grp = any(l.groups)
) as advertised, case
    when f.grp is null then 'waiting'
    when f.last_result in ('SENT', 'ALREADY_SENT') then 'delivered'
    when f.last_result = 'LEFT_OUT' then 'left_out'
    when f.last_result = 'STOPPED' then 'not_sent'
    else 'refused' end as state,
    coalesce(f.counts, '{{}}')::text as counts, f.last_at, f.last_result, f.last_error, f.delivered_at,
    {FAILED}, n.grp as failed_group,
    coalesce(s.phone, '…' || right(f.failed_session::text, 4)) as failed_session
from named n left join group_figures f on f.adbot = $1 and f.grp = n.grp
left join adbot_schedules a on a.adbot = $1 left join stock s on s.session = f.failed_session
) as listed"""  # noqa: S608 - constants
GROUPS = PagedList(
    name="groups",
    source=_GROUPS,
    extra="listed.*",
    sorts={
        "group": (Key("grp", KeyType.TEXT),),
        "last_at": (Key("coalesce(last_at, 'epoch')", KeyType.INSTANT), Key("grp", KeyType.TEXT)),
    },
    filters={
        "state": "state = {}",
        "result": "last_result = {}",
        "advertised": "advertised = {}",
        "text": holds("grp"),
    },
)
"""The groups of the adbot `$1`: no index has their order, and the limits of an adbot's groups bound them."""
SESSIONS = PagedList(
    name="sessions",
    source=f"""stock s
left join lateral (
    select coalesce(sum(flood_waits), 0) as flood_waits, max(last_at) as last_at,
           (array_agg(rests_until order by rests_until desc nulls last))[1] as rests_until,
           (array_agg(rest_error order by rests_until desc nulls last))[1] as rest_error
    from seat_figures where session = s.session
) f on true
left join lateral (
    select {FAILED}, f.failed_group from seat_figures f
    where f.session = s.session and f.failed_at is not null order by f.failed_at desc limit 1
) l on true""",  # noqa: S608 - constants
    extra="""
s.session, s.phone, s.state, s.adbot, f.flood_waits, f.rests_until, f.rest_error, f.last_at,
l.failed_at, l.failed_result, l.failed_error, l.failed_party, l.failed_group, s.phone as failed_session,
(select coalesce(jsonb_object_agg(r.result, r.count), '{}')::text from (
    select result, sum(count) as count from seat_results where session = s.session group by result
) r) as counts""",
    sorts={
        "id": (Key("s.session", KeyType.ID),),
        "created_at": (Key("s.imported_at", KeyType.INSTANT), Key("s.session", KeyType.ID)),
    },
    filters={
        "state": "s.state = {}",
        "adbot": "s.adbot = {}",
        "text": holds("s.phone", "s.telegram_user", "s.session"),
    },
)
"""The sessions in stock with their figures."""
SESSION_DAYS = """
select session, day, sent, failed, left_out from session_days
where session = any($1::uuid[]) and day > $2::date - $3::integer order by day desc
"""
