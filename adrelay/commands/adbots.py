"""`adrelay adbots`: show an adbot and its figures, extend, suspend and restore it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from adrelay.commands.figures import groups, log, statistics
from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

adbots = typer.Typer(
    name="adbots",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Show an adbot and what it sent, extend, suspend and restore it.",
    epilog="The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused, 2 could not run.",
)

AdbotArgument = Annotated[str, typer.Argument(metavar="ADBOT", help="The adbot's id.", show_default=False)]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Stored with the adbot, for people.", show_default=False)
]


adbots.command("statistics")(statistics)
adbots.command("groups")(groups)
adbots.command("log")(log)


@adbots.command("show")
def show(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an adbot: its owner, plan, seats and state."""
    carry_out(lambda: _call(env_file, "GET", adbot, "", None, json=json))


@adbots.command("extend")
def extend(
    adbot: AdbotArgument,
    days: Annotated[int, typer.Option(help="How many days to add.", show_default=False)],
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Extend an adbot's validity by days, also after an expiry. Each call adds them again."""
    body: dict[str, object] = {"days": days, "reason": reason}
    carry_out(lambda: _call(env_file, "POST", adbot, "/extend", body, json=json))


@adbots.command("suspend")
def suspend(
    adbot: AdbotArgument,
    reason: ReasonOption,
    release_sessions: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--release-sessions", help="Return its sessions to stock at once.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Stop an adbot and forbid its start. Its validity continues to run out.

    With --release-sessions its sessions return to stock: if it is restored, its seats wait for stock.
    """
    body: dict[str, object] = {"reason": reason, "release_sessions": release_sessions}
    carry_out(lambda: _call(env_file, "POST", adbot, "/suspend", body, json=json))


@adbots.command("restore")
def restore(
    adbot: AdbotArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Restore a suspended adbot, without starting it."""
    carry_out(lambda: _call(env_file, "POST", adbot, "/restore", None, json=json))


async def _call(
    env_file: Path, method: str, adbot: str, act: str, body: Mapping[str, object] | None, *, json: bool
) -> Exit:
    from adrelay.terminal.pasted import Kind, read

    found = read(adbot.strip().removeprefix("adbot-"))
    path = f"adbots/{path_part(found.text if found.kind is Kind.ID else adbot.strip())}{act}"
    async with Gateway(env_file) as gateway:
        state = await (gateway.get(path) if method == "GET" else gateway.send(method, path, body))
    if json:
        print_json(state)
    else:
        print_adbot(state)
    return Exit.OK


def _unreachable(seats: dict[str, Any]) -> str:
    return f", {seats['unreachable']} can't connect" if seats.get("unreachable") else ""


def _next_cycle(adbot: dict[str, Any]) -> str | None:
    from adrelay.commands.orders.pictures import moment

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
    from adrelay.commands.orders.pictures import moment, print_facts, state

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
    print_facts(screen(), facts)
