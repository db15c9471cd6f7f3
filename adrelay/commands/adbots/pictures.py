"""How adbots look in a terminal."""

from typing import Any

from adrelay.terminal.facts import print_facts
from adrelay.terminal.moments import moment
from adrelay.terminal.states import state


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


def print_adbot(adbot: dict[str, Any]) -> None:
    """Print an adbot."""
    plan, seats = adbot["plan"], adbot["seats"]
    valid: tuple[str, ...] = ("not yet: from the first filled seat on",)
    if adbot["valid_until"]:
        valid = (f"{moment(adbot['valid_from'])}", f"until {moment(adbot['valid_until'])}")
    stopped = (adbot["stop_reason"], adbot["stop_detail"])
    facts = {
        "adbot": (adbot["id"],),
        "is": (state(adbot["status"]),),
        "because": (adbot["suspend_reason"],) if adbot["suspend_reason"] else stopped,
        "of": (f"account {adbot['account']},", f"order {adbot['order_number']}"),
        "plan": (plan["name"], f"({plan['code']}),", _terms(plan)),
        "next cycle": ("all adbots are paused",) if adbot["paused"] else (_next_cycle(adbot),),
        "blocked": (", ".join(adbot["blocked_groups"]),),
        "seats": (f"{seats['filled']} filled, {seats['awaited']} wait for stock{_unreachable(seats)}",),
        "warning": (adbot["warning"],),
        "valid": valid,
        "private ids": ("allowed" if adbot["private_ids"] else "not allowed",),
    }
    print_facts(facts)
