"""The statement behind the states of adbots."""

ADBOT = (
    "select a.*, s.post::text as post, s.more_posts::text as more_posts, s.post_order, "
    "s.targets::text as targets, s.lists, s.group_options::text as group_options, "
    "s.options::text as options, s.beyond_limit, coalesce(s.running, false) as running, "
    "s.next_due, s.next_start, s.stop_reason, s.stop_detail, s.last_cycle, s.last_cycle_at, "
    "s.skipped_at, s.skip_reason, "
    "s.pacing::text as pacing, exists (select from pauses) as paused, "
    "(select count(*) from stock k where k.adbot = a.adbot and k.state = 'ASSIGNED' "
    "and k.unreachable_since is not null) as unreachable, "
    "array(select chat from blocked_targets b where b.chat = any(s.chats)) as blocked, "
    "array(select distinct of_list.target from group_lists l, "
    "unnest(l.groups, l.chats) as of_list (target, chat) join blocked_targets b on b.chat = of_list.chat "
    "where l.list = any(s.lists) order by of_list.target) as blocked_in_lists, "
    "(select count(*) from (select unnest(l.groups) from group_lists l where l.list = any(s.lists) "
    "except select jsonb_array_elements_text(s.targets)) as others) as listed, "
    "array(select key from (select distinct on (key) key, value from ("
    "select 0 as turn, key, value from jsonb_each(s.group_options) union all "
    "select u.turn, o.key, o.value from unnest(s.lists) with ordinality as u (list, turn) "
    "join group_lists l using (list), jsonb_each(l.options) as o) as every order by key, turn"
    ") as counted where value -> 'paused' = 'true') as paused_groups, "
    "(select due_pause_seconds from statistics t where t.adbot = a.adbot) as last_pause_seconds, "
    "(select to_jsonb(r) - '{adbot,cycle}'::text[] from running_cycles r where r.adbot = a.adbot)::text "
    "as running_cycle "
    "from adbots a left join adbot_schedules s using (adbot)"
)
"""A row for each adbot, for a condition to follow.

`listed` counts the groups of lists that are not among its own; `paused_groups` has those that no cycle sends
to, by the adbot's own option or else that of the first list that has one.
"""
