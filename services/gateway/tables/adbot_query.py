"""The statements behind the states of adbots, and what is added to their rows."""

import json

import msgspec

from libs.events.chat_ids import chat_of
from libs.events.values import MAX_GROUPS
from libs.eventsourcing import Row
from services.gateway.tables.overruns import USUAL_PAUSE_SECONDS, warning_of
from services.gateway.tables.pacing import AdbotPacing
from services.gateway.tables.paging import Key, KeyType, PagedList, holds, instant

_STATUS = (
    "case when a.suspended then 'SUSPENDED' when a.expired then 'EXPIRED' "
    "when s.running then 'RUNNING' else 'STOPPED' end"
)
_SOURCE = f"""
adbots a left join adbot_schedules s using (adbot) cross join lateral (select {_STATUS} as status) one
cross join lateral (select case when one.status = 'RUNNING' then s.next_due else s.next_start end as at) due
cross join lateral (select case when due.at < coalesce((s.pacing ->> 'ends_at')::timestamptz, 'infinity')
    then due.at end as at) next
"""
"""`due` is when a cycle would be due next by the schedule, `next` the same unless the pacing ends before."""
_OPTIONS = """
case when s.group_options = '{}' then '[]' else (
    select json_agg(value order by key collate "C") from jsonb_each(s.group_options)
) end
"""
_FIELDS = f"""
a.adbot as id, a.order_number, one.status, s.stop_reason, s.stop_detail,
json_build_object(
    'code', a.plan, 'name', a.plan_name, 'kind', a.plan_kind, 'sessions', a.sessions,
    'interval_seconds', a.interval_seconds, 'max_groups', a.max_groups, 'max_posts', a.max_posts
) as plan,
json_build_object(
    'filled', a.seats_filled, 'awaited', greatest(0, a.sessions - a.seats_filled),
    'unreachable', (select count(*) from stock k where k.adbot = a.adbot and k.state = 'ASSIGNED'
                    and k.unreachable_since is not null)
) as seats,
{instant("a.valid_from")} as valid_from, {instant("a.valid_until")} as valid_until,
case when s.post is not null then json_build_object(
    'post', s.post, 'posts', jsonb_build_array(s.post) || s.more_posts, 'order', s.post_order,
    'groups', s.targets, 'lists', s.lists, 'group_options', {_OPTIONS}, 'options', s.options
) end as advertisement,
coalesce(s.pacing, '{AdbotPacing().model_dump_json()}') as pacing,
exists (select from pauses) as paused,
json_build_object(
    'last_number', s.last_cycle, 'last_due_at', {instant("s.last_cycle_at")},
    'beyond_limit', s.beyond_limit, 'skipped_at', {instant("s.skipped_at")}, 'skip_reason', s.skip_reason,
    'next_due_at', case when one.status = 'RUNNING' then {instant("next.at")} end,
    'running', (select json_build_object(
        'number', r.number, 'due_at', {instant("r.due_at")}, 'started_at', {instant("r.started_at")},
        'groups', r.groups, 'sent', r.sent, 'failed', r.failed, 'left_out', r.left_out
    ) from running_cycles r where r.adbot = a.adbot)
) as cycles,
case when one.status = 'RUNNING' or next.at > now() then {instant("next.at")} end as next_cycle_at
"""  # noqa: S608 - constants
_ADMIN_FIELDS = f"""{_FIELDS}, a.account, a.suspend_reason,
exists (select from private_ids p where p.account = a.account) as private_ids
"""
_EXTRA = """
a.sessions, a.seats_filled, a.interval_seconds, a.max_groups, jsonb_array_length(s.targets) as own,
coalesce(s.pacing -> 'timetable' not in ('null', '[]'), false) as timed,
(s.pacing ->> 'delay_seconds')::float8 as delay, (s.pacing ->> 'jitter_seconds')::float8 as jitter,
array(select chat from blocked_targets b where b.chat = any(s.chats)) as blocked,
case when exists (select from blocked_targets b where b.chat = any(s.chats)) then s.targets::text end
    as targets,
case when s.lists <> '{}' then array(select distinct of_list.target from group_lists l,
    unnest(l.groups, l.chats) as of_list (target, chat) join blocked_targets b on b.chat = of_list.chat
    where l.list = any(s.lists) order by of_list.target) end as blocked_in_lists,
case when s.lists <> '{}' then (
    select count(*) from (select unnest(l.groups) from group_lists l where l.list = any(s.lists)
    except select jsonb_array_elements_text(s.targets)) as others) end as listed,
case when s.lists <> '{}' or s.group_options <> '{}' then array(
    select key from (select distinct on (key) key, value from (
        select 0 as turn, key, value from jsonb_each(s.group_options) union all
        select u.turn, o.key, o.value from unnest(s.lists) with ordinality as u (list, turn)
        join group_lists l using (list), jsonb_each(l.options) as o) as every order by key, turn
    ) as counted where value -> 'paused' = 'true') end as paused_groups,
(select due_pause_seconds from statistics t where t.adbot = a.adbot) as last_pause_seconds
"""
"""What `warning` and `blocked_groups` are computed from.

`listed` counts the groups of lists that are not among its own; `paused_groups` has those that no cycle sends
to, by the adbot's own option or else that of the first list that has one.
"""


def adbot_item(row: Row) -> str:
    """Return the JSON of an adbot, an `AdbotState` or an `AdminAdbot`."""
    blocked = _blocked(row)
    warning = _warning(row, blocked)
    added = _NOTHING if not blocked and warning is None else _added(blocked, warning)
    return f"{row['item'][:-1]},{added[1:]}"


def _added(blocked: list[str], warning: str | None) -> str:
    return msgspec.json.encode({"blocked_groups": blocked, "warning": warning}).decode()


_NOTHING = _added([], None)


def _warning(row: Row, blocked: list[str]) -> str | None:
    if row["own"] is None or row["timed"]:
        return None
    pause: float = row["last_pause_seconds"] or USUAL_PAUSE_SECONDS
    if row["delay"] is not None:
        pause = row["delay"] + (row["jitter"] or 0) / 2
    own: int = row["own"]
    most = max(own, row["max_groups"] or MAX_GROUPS)
    idle = {*blocked, *(row["paused_groups"] or ())}
    groups = max(0, min(own + (row["listed"] or 0), most) - len(idle))
    return warning_of(groups, row["seats_filled"], pause, row["interval_seconds"])


def _blocked(row: Row) -> list[str]:
    own: list[str] = json.loads(row["targets"]) if row["targets"] is not None else []
    found = [group for group in own if chat_of(group) in row["blocked"]]
    return [*found, *(group for group in row["blocked_in_lists"] or () if group not in found)]


NEVER = "timestamptz '9999-12-31 00:00:00+00'"
"""Sorts adbots without an end behind all others."""
_SORTS = {
    "created_at": (Key("a.provisioned_at", KeyType.INSTANT), Key("a.adbot", KeyType.ID)),
    "valid_until": (Key(f"coalesce(a.valid_until, {NEVER})", KeyType.INSTANT), Key("a.adbot", KeyType.ID)),
}
_FILTERS = {
    "id": "a.adbot = {}",
    "status": "one.status = {}",
    "plan": "a.plan = {}",
    "text": holds("a.order_number", "a.plan_name", "s.post", "s.more_posts", "s.targets"),
    "expiring_before": "a.valid_until < {}",
}
OWN_ADBOTS = PagedList(
    name="adbots",
    fields=_FIELDS,
    source=_SOURCE,
    where="a.account = $1",
    sorts=_SORTS,
    filters=_FILTERS,
    extra=_EXTRA,
    item=adbot_item,
)
"""The adbots of the account `$1`."""
ALL_ADBOTS = PagedList(
    name="all-adbots",
    fields=_ADMIN_FIELDS,
    source=_SOURCE,
    sorts=_SORTS,
    filters=_FILTERS | {"account": "a.account = {}"},
    extra=_EXTRA,
    item=adbot_item,
)
