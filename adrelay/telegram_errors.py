"""The page of Telegram's errors, generated from the forwarder's table."""

from libs.events.values import Party, ResultClass
from services.forwarder.adapters.telegram.error_table import (
    BY_CODE,
    FAMILIES,
    FORBIDDEN,
    FORBIDDEN_CODE,
    LINES,
    SERVER_TROUBLE,
    TROUBLE,
    UNKNOWN,
    Line,
)

_FOLLOWS = {
    ResultClass.RATE_LIMITED: "the seat rests as long as the error says, else a minute; its groups wait for "
    "it, or are left out of the cycle if that is too long; they are not moved",
    ResultClass.SLOW_MODE: "the seat asks the group again when the error says, also in other cycles",
    ResultClass.ACCOUNT_LIMITED: "the seat rests for `ADRELAY_FORWARDER_ACCOUNT_REST_SECONDS`",
    ResultClass.TARGET_DENIED: "one other seat may try; the seat is denied the group",
    ResultClass.CONTENT_DENIED: "one other seat may try; nothing is remembered, the next cycle tries again",
    ResultClass.TARGET_GONE: "a second seat confirms it, if there is one; then all are denied it",
    ResultClass.PAYMENT_REQUIRED: "never paid: one other seat may try; the seat is denied the group",
    ResultClass.SOURCE_BROKEN: "the cycle ends, and the adbot stops with the error",
    ResultClass.ACCOUNT_FROZEN: "the session is lost, `FROZEN`; its groups go to other seats",
    ResultClass.SESSION_LOST: "the session is lost; its groups go to other seats",
    ResultClass.ALREADY_SENT: "counts as delivered",
    ResultClass.LEFT_OUT: "the group waits in the cycle for the method that rests, or is left out of it",
    ResultClass.UNREADABLE: "recorded and logged; a new connection; not made again, for it may have arrived",
    ResultClass.TRANSIENT: "made again with backoff, `ADRELAY_FORWARDER_MAX_ATTEMPTS` times in the cycle",
    ResultClass.UNKNOWN: "recorded and logged; not made again in this cycle",
}
_DENIED = frozenset({ResultClass.TARGET_DENIED, ResultClass.TARGET_GONE, ResultClass.PAYMENT_REQUIRED})
_BLAMED = "recorded; if three groups, or all, say so and none takes the post, the adbot stops with the error"
_HOW_LONG = "7 days, doubled each time, at most 60"
_PASSING = "at first until the next cycle, then 2.6 hours, doubled each time"
_INTRODUCTION = """\
# Telegram's errors

An answer names a class, not the guilty party. This page is generated from the forwarder's table. It says
for each error its class, whom it is about in each situation, what follows, and for how long.

| party | is |
| --- | --- |
| `TARGET` | the group or topic, for every seat |
| `SEAT_AT_TARGET` | one seat in one group |
| `SEAT_AT_SOURCE` | one seat in the channel of the post |
| `SOURCE` | the post or its channel, for every seat: the cycle ends, the adbot stops |
| `ACCOUNT` | one seat, wherever it sends |

The groups of a seat that can't read the source go to seats that can; if none can, the cycle ends and the
adbot stops. Later cycles give such a seat only the groups that no other serves.

*Asks*: as the answer to a forward it may be about the source. So the seat reads the post again, and what
that says counts. If the post is as before, the answer is about the group; a `SOURCE_BROKEN` then becomes
`CONTENT_DENIED`, and stops the adbot only if three groups, or all, say so and none takes the post.
*Refreshes*: what was remembered of a name, the membership or the album is asked for again, once a cycle,
before anybody is charged. *Joins*: if the account is no member, it joins first, within its budget
([An account is limited](../how-to/an-account-is-limited.md)). *Topic*: if a topic was given, the answer
is about the topic, which is gone.
*Confirms*: the seat asks for its own user on a new connection. Only if that is refused in such a way, too,
the session is lost; else the send is made again. After three such answers in a cycle it is not asked again,
and further ones fail their group alone, as `UNKNOWN`.

The first denial lasts `ADRELAY_FORWARDER_DENIAL_SECONDS` (7 days). Before its time it ends with a
delivery, with a membership if `NOT_A_MEMBER` was the reason, with the client's word (`ConfirmGroup`), or
when the seat leaves the adbot. Afterwards seats that the group never refused go first. Three bans
(`USER_BANNED_IN_CHANNEL`) of a seat within ten minutes mean that its account is limited: it rests, and
these denials are taken back.
"""


def telegram_errors_page() -> str:
    """Return the page of all errors."""
    lines = [
        *_INTRODUCTION.splitlines(),
        "",
        "## By name",
        "",
        *_table([(" ".join(f"`{name}`" for name in line.names.split()), line) for line in LINES]),
        "",
        "`NOT_A_MEMBER` is the forwarder's own name for a chat that the account is not in: `TARGET_GONE` and",
        "`SEAT_AT_TARGET` for a group, `SEAT_AT_SOURCE` for a source,",
        f"{_PASSING}.",
        "Other names of its own: `NO_TOPICS` (`TARGET_GONE`), `NAME_MOVED`, `TOO_MANY_CHATS` and",
        "`JOINED_FOR_ANOTHER` (`TARGET_DENIED`, `SEAT_AT_TARGET`), and, as `LEFT_OUT`, `METHOD_RESTS …`,",
        "`RESOLVE_BUDGET`, `JOIN_BUDGET`, `JOIN_REQUESTED` and `DAILY_BUDGET`. A wait for a look-up, a list",
        "of chats or a join rests that method alone.",
        "",
        "## By code, then by family",
        "",
        *_table(
            [
                (f"code {SERVER_TROUBLE} and above, and below -{SERVER_TROUBLE - 1}", TROUBLE),
                *((f"code {code}", line) for code, line in BY_CODE.items()),
                *((" ".join(f"`{name}`" for name in line.names.split()), line) for line in FAMILIES),
                (f"code {FORBIDDEN_CODE}", FORBIDDEN),
                ("any other", UNKNOWN),
            ]
        ),
    ]
    return "\n".join(lines) + "\n"


def _table(lines: list[tuple[str, Line]]) -> list[str]:
    rows = [
        "| error | class | about | at the source | first | what follows | for how long |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    return rows + [_row(names, line) for names, line in lines]


def _row(names: str, line: Line) -> str:
    about = f"`{line.party}`" if line.party else "nobody"
    source = line.party_at_source
    at_source = f"`{source}`" if source else ""
    notes = (
        ("asks", line.asks_source),
        ("refreshes", line.stale),
        ("topic", line.in_topic),
        ("confirms", line.unsure),
        ("joins", line.of_stranger),
    )
    first = ", ".join(word for word, noted in notes if noted)
    blamed = line.result is ResultClass.CONTENT_DENIED and line.party is Party.SOURCE
    follows = _BLAMED if blamed else _FOLLOWS[line.result]
    lasts = (_PASSING if line.passing else _HOW_LONG) if line.result in _DENIED else ""
    shown = names.replace("|", "\\|")
    return f"| {shown} | `{line.result}` | {about} | {at_source} | {first} | {follows} | {lasts} |"
