"""Codes of problems with adbots and their advertisements."""

from services.gateway.api.requests.codes.meaning import CONFLICT, INVALID, MISSING, TOO_MANY, Codes, Meaning

ADBOTS: Codes = {
    "unknown_adbot": Meaning(
        MISSING, "There is no such adbot, or it is another account's.", "Choose one of `GET /adbots`."
    ),
    "adbot_suspended": Meaning(
        CONFLICT, "The operator suspended the adbot, or its order was refunded.", "Ask the operator."
    ),
    "adbot_expired": Meaning(CONFLICT, "The adbot's plan has ended.", "Renew the adbot."),
    "no_seats": Meaning(
        CONFLICT, "The adbot has no session yet.", "Wait: seats are filled as soon as there is stock."
    ),
    "no_post": Meaning(CONFLICT, "The adbot has no post.", "Set an advertisement first."),
    "no_groups": Meaning(
        CONFLICT, "There is no group, or the group lists were deleted.", "Name at least one group."
    ),
    "period_ended": Meaning(
        CONFLICT, "`ends_at` of the pacing has passed.", "Set a later end, or none, then start."
    ),
}
ADVERTISEMENTS: Codes = {
    "malformed_post": Meaning(
        INVALID,
        "The post is neither a link to a post nor a text; `detail` says what is wrong.",
        "Send a link such as https://t.me/channel/42, or a text. `POST /posts/validate` tries it.",
    ),
    "malformed_groups": Meaning(
        INVALID,
        "Some groups can't be read; `detail` names them and says why, `errors` says where each is.",
        "Write @name, t.me/name, an invite link or an id.",
    ),
    "too_many_groups": Meaning(INVALID, "There are more groups than allowed.", "Name fewer groups."),
    "too_many_posts": Meaning(INVALID, "There are more posts than allowed.", "Send fewer posts."),
    "too_many_group_options": Meaning(
        INVALID, "There are more options of groups than allowed.", "Remove options that change nothing."
    ),
    "too_many_group_lists": Meaning(
        CONFLICT, "The account has as many group lists as it may.", "Delete one first."
    ),
    "advertisement_too_large": Meaning(
        INVALID, "The advertisement is too large to be stored.", "Name fewer groups and options."
    ),
    "group_list_too_large": Meaning(
        INVALID, "The group list is too large to be stored.", "Make several lists."
    ),
    "unknown_group": Meaning(
        MISSING, "A group that has an option is not among the groups.", "Name one of the groups."
    ),
    "unknown_group_list": Meaning(
        MISSING,
        "There is no such group list, or it is another account's.",
        "Choose one of `GET /group-lists`.",
    ),
    "private_ids_not_allowed": Meaning(
        CONFLICT,
        "A chat without a public name is named by its id, which the operator has to allow.",
        "Use public names, or ask the operator.",
    ),
    "blocked_targets": Meaning(
        CONFLICT,
        "The operator blocked some of the groups; `detail` names them, `errors` says where each is.",
        "Leave them out.",
    ),
    "blocked_source": Meaning(
        CONFLICT, "The operator blocked the channel of the post.", "Use a post of another channel, or a text."
    ),
}
PACING: Codes = {
    "pacing_below_limit": Meaning(
        INVALID, "A delay is shorter than the operator allows.", "Set it to at least what `detail` says."
    ),
    "unknown_time_zone": Meaning(
        INVALID, "The time zone does not exist.", "Use a name such as Europe/Berlin."
    ),
    "malformed_quiet_hours": Meaning(
        INVALID, "The quiet hours begin and end at the same time.", "Set different times, or none."
    ),
    "timetable_too_dense": Meaning(
        INVALID,
        "Two times of the timetable are less than the plan's interval apart.",
        "Set fewer times, at least the interval apart.",
    ),
    "malformed_period": Meaning(
        INVALID, "`ends_at` has passed, or is not after `starts_at`.", "Set a later end, or none."
    ),
}
POST_CHECKS: Codes = {
    "unknown_post_check": Meaning(
        MISSING, "The adbot has no such post check.", "Choose one of its last ten."
    ),
    "nothing_to_check": Meaning(CONFLICT, "Only texts are to be checked.", "Nothing: a text needs no check."),
    "too_many_post_checks": Meaning(
        TOO_MANY, "The adbot has had as many post checks as it may in an hour.", "Try again later."
    ),
}
OPERATIONS: Codes = {
    "unknown_notification": Meaning(
        MISSING, "The account has no such notification.", "Compare the id with the list."
    ),
    "unknown_tree": Meaning(
        MISSING, "No event has this correlation id.", "Search for another id with `GET /admin/events/search`."
    ),
    "unknown_stream": Meaning(
        MISSING, "No service has this stream.", "Search for an id with `GET /admin/events/search`."
    ),
    "unknown_event": Meaning(MISSING, "No service has this event.", "Compare the id with a stream's."),
    "unknown_notice": Meaning(MISSING, "There is no such notice.", "Compare the id with the list."),
    "malformed_target": Meaning(INVALID, "The group can't be read.", "Write @name, a link or an id."),
    "malformed_source": Meaning(
        INVALID, "The channel can't be read.", "Write @name, a link or an id; not an invitation."
    ),
}
