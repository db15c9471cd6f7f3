"""How adbots look in a terminal."""

from collections.abc import Sequence
from typing import Any

from adrelay.terminal.facts import print_facts
from adrelay.terminal.moments import moment
from adrelay.terminal.plain import one_line
from adrelay.terminal.screen import Cell
from adrelay.terminal.states import state

_FIRST = 5
"""How many of the groups are named."""
_LONGEST_TEXT = 80


def _unreachable(seats: dict[str, Any]) -> str:
    return f", {seats['unreachable']} can't connect" if seats.get("unreachable") else ""


def _next_cycle(adbot: dict[str, Any]) -> str | None:
    if adbot["next_cycle_at"] is None:
        return None
    at = moment(adbot["next_cycle_at"])
    return at if adbot["status"] == "RUNNING" else f"not before {at}, if it is started"


def _terms(plan: dict[str, Any]) -> str:
    limits = ((plan["max_groups"], "groups"), (plan["max_posts"], "posts"))
    most = [f"at most {limit} {what}" for limit, what in limits if limit is not None]
    return ", ".join([f"every {plan['interval_seconds']} s", *most])


def _post(post: dict[str, Any]) -> str:
    if post["kind"] == "link":
        return f"{post['channel']}/{post['message']}"
    return one_line(post["text"], _LONGEST_TEXT)


def _groups(advertisement: dict[str, Any]) -> str:
    own, lists = advertisement["groups"], advertisement["lists"]
    more = [f"{len(own) - _FIRST} more"] if len(own) > _FIRST else []
    return ", ".join([*own[:_FIRST], *more, *(["those of the lists"] if lists else [])])


def _advertisement(advertisement: dict[str, Any] | None) -> dict[str, Sequence[str]]:
    if advertisement is None:
        return {"post": ("none: see `adrelay adbots advertise`",)}
    options = advertisement["options"]
    named = (
        ("" if options["author"] else "without the author"),
        ("not where the last post is the newest" if options["skip_newest"] else ""),
        ("in place of the previous post" if options["delete_previous"] else ""),
    )
    paused = [option["group"] for option in advertisement["group_options"] if option["paused"]]
    return {
        "posts": [_post(post) for post in advertisement["posts"]],
        "sent": [text for text in named if text],
        "groups": (_groups(advertisement),),
        "lists": advertisement["lists"],
        "paused": (", ".join(paused),),
    }


def _pacing(pacing: dict[str, Any]) -> list[str]:
    delay, quiet = pacing["delay_seconds"], pacing["quiet_hours"]
    times = [f"{', '.join(one['days'])} at {', '.join(one['times'])}" for one in pacing["timetable"]]
    hours = f"not from {quiet['begin']} to {quiet['end']}" if quiet else ""
    parts = (
        f"{delay:g} s between sends" if delay is not None else "",
        *times,
        hours,
        f"times of {pacing['time_zone']}" if times or quiet else "",
        f"from {moment(pacing['starts_at'])} on" if pacing["starts_at"] else "",
        f"until {moment(pacing['ends_at'])}" if pacing["ends_at"] else "",
    )
    return [", ".join(part for part in parts if part)]


def print_adbot(adbot: dict[str, Any]) -> None:
    """Print an adbot."""
    plan, seats = adbot["plan"], adbot["seats"]
    valid: tuple[str, ...] = ("not yet: from the first filled seat on",)
    if adbot["valid_until"]:
        valid = (f"{moment(adbot['valid_from'])}", f"until {moment(adbot['valid_until'])}")
    stopped = (adbot["stop_reason"], adbot["stop_detail"])
    facts: dict[str, Sequence[Cell | None]] = {
        "adbot": (adbot["id"],),
        "is": (state(adbot["status"]),),
        "because": (adbot["suspend_reason"],) if adbot["suspend_reason"] else stopped,
        "of": (f"account {adbot['account']},", f"order {adbot['order_number']}"),
        "plan": (plan["name"], f"({plan['code']}),", _terms(plan)),
        **_advertisement(adbot["advertisement"]),
        "paced": _pacing(adbot["pacing"]),
        "next cycle": ("all adbots are paused",) if adbot["paused"] else (_next_cycle(adbot),),
        "blocked": (", ".join(adbot["blocked_groups"]),),
        "seats": (f"{seats['filled']} filled, {seats['awaited']} wait for stock{_unreachable(seats)}",),
        "warning": (adbot["warning"],),
        "valid": valid,
        "private ids": ("allowed" if adbot["private_ids"] else "not allowed",),
    }
    print_facts(facts)
