"""`adrelay catalogue`: the plans on sale."""

from typing import Annotated, Literal

import typer

from adrelay.commands.asking import change, given, show_list
from adrelay.servers.gateway import path_part
from adrelay.servers.options import ENV_FILE, GATEWAY_EPILOG, EnvFileOption, JsonOption
from adrelay.terminal.completion import plans
from adrelay.terminal.listing import Column, Form, Item, print_list

catalogue = typer.Typer(
    name="catalogue",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, add, reprice and retire plans.",
    epilog=GATEWAY_EPILOG,
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
    show_list(
        env_file,
        "plans",
        PLANS,
        nothing="nothing is on sale: see `adrelay catalogue add`",
        json=json,
        parameters=given(on_sale=None if retired else "true"),
    )


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
    change(env_file, "POST", "plans", _print_plan, json=json, body=body)


@catalogue.command("reprice")
def reprice(
    code: CodeArgument,
    price: Annotated[str, typer.Argument(metavar="PRICE", help="US dollars, such as 30.00.")],
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Change the price of a plan on sale. Orders that were placed before keep theirs."""
    path, body = f"plans/{path_part(code)}", {"price_usd": price}
    change(env_file, "PATCH", path, _print_plan, json=json, body=body)


@catalogue.command("retire")
def retire(
    code: CodeArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Take a plan off sale. Orders that were placed before, and adbots, keep it."""
    change(env_file, "DELETE", f"plans/{path_part(code)}", _print_plan, json=json)


def _print_plan(plan: Item) -> None:
    print_list([plan], PLANS)


PLANS = (
    Column("plan", "code"),
    Column("kind", "kind"),
    Column("sessions", "sessions", Form.AMOUNT),
    Column("every", lambda plan: f"{plan['interval_seconds']} s", Form.AMOUNT),
    Column("USD", "price_usd", Form.AMOUNT),
    Column("days", "validity_days", Form.AMOUNT),
    Column("groups", lambda plan: plan["max_groups"] or "-", Form.AMOUNT),
    Column("posts", lambda plan: plan["max_posts"] or "-", Form.AMOUNT),
    Column("", lambda plan: "on sale" if plan["on_sale"] else "retired", Form.STATE),
    Column("name", "name"),
)
