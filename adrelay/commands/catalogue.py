"""`adrelay catalogue`: the plans on sale."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, EnvFileOption, JsonOption
from adrelay.terminal.completion import plans
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

catalogue = typer.Typer(
    name="catalogue",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, add, reprice and retire plans.",
    epilog="The gateway is found by ADRELAY_GATEWAY_URL (http://127.0.0.1:8080 if unset) and asked with "
    "ADRELAY_GATEWAY_ADMIN_TOKEN. Exit codes: 0 done, 1 refused, 2 could not run.",
)

Kind = Literal["starter", "enterprise"]
CodeArgument = Annotated[
    str,
    typer.Argument(
        metavar="CODE", help="The plan's code, such as bronze.", autocompletion=plans, show_default=False
    ),
]
NewCodeArgument = Annotated[
    str, typer.Argument(metavar="CODE", help="The plan's code, such as bronze.", show_default=False)
]


@catalogue.command("list")
def list_(
    retired: Annotated[bool, typer.Option("--retired", help="List retired plans too.")] = False,  # noqa: FBT002 - typer's way to say flag
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the plans that are on sale."""
    carry_out(lambda: _list(env_file, retired=retired, json=json))


async def _list(env_file: Path, *, retired: bool, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = (await gateway.items("plans")).items
    shown = [plan for plan in found if retired or plan["on_sale"]]
    if json:
        print_json(shown)
    elif shown:
        print_plans(shown)
    else:
        screen().print("nothing is on sale")
    return Exit.OK


@catalogue.command("add")
def add(  # noqa: PLR0913, PLR0917 - a plan has so many parts
    code: NewCodeArgument,
    name: Annotated[str, typer.Option(help="The name that clients see.")],
    kind: Annotated[Kind, typer.Option(help="Its section of the catalogue.")],
    sessions: Annotated[int, typer.Option(help="How many sessions its adbots have.")],
    interval: Annotated[int, typer.Option(help="Seconds from one cycle to the next.")],
    price: Annotated[str, typer.Option(help="US dollars, such as 30.00.")],
    days: Annotated[int, typer.Option(help="How many days its adbots are valid.")],
    max_groups: Annotated[
        int | None,
        typer.Option(help="How many groups an adbot may have; else as the scheduler is configured."),
    ] = None,
    max_posts: Annotated[int | None, typer.Option(help="How many posts an adbot may have; likewise.")] = None,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List a new plan, or a retired one, for sale."""
    body: dict[str, object] = {
        "code": code,
        "name": name,
        "kind": kind,
        "sessions": sessions,
        "interval_seconds": interval,
        "price_usd": price,
        "validity_days": days,
        "max_groups": max_groups,
        "max_posts": max_posts,
    }
    carry_out(lambda: _change(env_file, "POST", "plans", body, json=json))


@catalogue.command("reprice")
def reprice(
    code: CodeArgument,
    price: Annotated[str, typer.Argument(metavar="PRICE", help="US dollars, such as 30.00.")],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Change the price of a plan on sale. Orders that were placed before keep theirs."""
    carry_out(lambda: _change(env_file, "PATCH", f"plans/{path_part(code)}", {"price_usd": price}, json=json))


@catalogue.command("retire")
def retire(
    code: CodeArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Take a plan off sale. Orders that were placed before, and adbots, keep it."""
    carry_out(lambda: _change(env_file, "DELETE", f"plans/{path_part(code)}", None, json=json))


async def _change(
    env_file: Path, method: str, path: str, body: Mapping[str, object] | None, *, json: bool
) -> Exit:
    async with Gateway(env_file) as gateway:
        plan = await gateway.send(method, path, body)
    if json:
        print_json(plan)
    else:
        print_plans([plan])
    return Exit.OK


def print_plans(plans: list[dict[str, Any]]) -> None:
    """Print a line for each plan."""
    from adrelay.terminal.screen import Table

    numbers = ("sessions", "every", "USD", "days", "groups", "posts")
    table = Table("plan", "kind", *numbers, "", "name", right=numbers)
    for plan in plans:
        table.add(
            plan["code"],
            plan["kind"],
            str(plan["sessions"]),
            f"{plan['interval_seconds']} s",
            plan["price_usd"],
            str(plan["validity_days"]),
            str(plan["max_groups"] or "-"),
            str(plan["max_posts"] or "-"),
            "on sale" if plan["on_sale"] else "retired",
            plan["name"],
        )
    screen().table(table)
