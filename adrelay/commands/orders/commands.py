"""`adrelay orders`: orders and payments, and the operator's actions on them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from adrelay.commands.asking import change, given, show_list, show_one
from adrelay.servers.gateway import Gateway, path_part
from adrelay.servers.options import ENV_FILE, GATEWAY_EPILOG, EnvFileOption, JsonOption
from adrelay.terminal.completion import orders as numbers
from adrelay.terminal.listing import print_list
from adrelay.terminal.outcome import Exit, carry_out, print_json, screen

orders = typer.Typer(
    name="orders",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="Search orders, explain one, and review those that need a person.",
    epilog=f"{GATEWAY_EPILOG} `orders attention` ends with 1 if an order needs a person.",
)


OrderStatus = Literal["PENDING", "PAID", "FULFILLED", "EXPIRED", "CANCELLED", "REFUNDED"]
PaymentStatus = Literal[
    "REQUESTED",
    "WAITING",
    "CONFIRMING",
    "CONFIRMED",
    "SENDING",
    "PARTIALLY_PAID",
    "FINISHED",
    "FAILED",
    "REFUNDED",
    "EXPIRED",
]
NumberArgument = Annotated[
    str,
    typer.Argument(metavar="ORDER", help="The order's number.", autocompletion=numbers, show_default=False),
]
ReasonOption = Annotated[
    str, typer.Option("--reason", help="Stored with the order, for people.", show_default=False)
]


@orders.command("list")
def list_(
    email: Annotated[str | None, typer.Option(help="A part of the e-mail address.")] = None,
    payment: Annotated[
        str | None, typer.Option(help="The provider's payment id, also of a further deposit.")
    ] = None,
    status: Annotated[
        OrderStatus | None, typer.Option(help="The order's status.", case_sensitive=False)
    ] = None,
    payment_status: Annotated[
        PaymentStatus | None, typer.Option(help="The payment's status.", case_sensitive=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="The maximum number of orders.", min=1, max=100_000)] = 20,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List orders, the latest first; conditions are combined by "and"."""
    from adrelay.commands.orders.pictures import ORDERS

    wanted = given(email=email, payment=payment, order_status=status, payment_status=payment_status)
    show_list(env_file, "orders", ORDERS, nothing="no such order", json=json, parameters=wanted, most=limit)


@orders.command("show")
def show(
    order: NumberArgument,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Show an order, its payment, its history, and why it needs a person."""
    show_one(env_file, _path(order), _picture, json=json)


@orders.command("attention")
def attention(
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """List the orders that need a person, and why.

    Exit codes: 0 none does, 1 some do, 2 wrong usage or a gateway that does not answer.
    """
    carry_out(lambda: _attention(env_file, json=json))


async def _attention(env_file: Path, *, json: bool) -> Exit:
    async with Gateway(env_file) as gateway:
        found = (await gateway.items("orders/attention")).items
    if json:
        print_json(found)
    elif found:
        from adrelay.commands.orders.pictures import ATTENTION

        print_list(found, ATTENTION)
    else:
        screen().say("no order needs a person")
    return Exit.FOUND if found else Exit.OK


@orders.command("mark-paid")
def mark_paid(
    order: NumberArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Mark an order paid: it is delivered without a payment reported by the provider."""
    _act(env_file, order, "mark-paid", {"reason": reason}, json=json)


@orders.command("refund")
def refund(
    order: NumberArgument,
    reason: ReasonOption,
    keep_sessions: Annotated[  # noqa: FBT002 - typer's way to say flag
        bool, typer.Option("--keep-sessions", help="Let its adbot keep its sessions.")
    ] = False,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Record that an order is refunded. You send the money yourself.

    Its adbot is suspended, and its sessions return to stock at once.
    """
    body: dict[str, object] = {"reason": reason, "keep_sessions": keep_sessions}
    _act(env_file, order, "refund", body, json=json)


@orders.command("cancel")
def cancel(
    order: NumberArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Cancel an unpaid order. Money received later still delivers."""
    _act(env_file, order, "cancel", {"reason": reason}, json=json)


@orders.command("review")
def review(
    order: NumberArgument,
    reason: ReasonOption,
    json: JsonOption = False,  # noqa: FBT002 - typer's way to say flag
    env_file: EnvFileOption = ENV_FILE,
) -> None:
    """Record that an order was reviewed; it needs nobody until something new happens."""
    _act(env_file, order, "review", {"reason": reason}, json=json)


def _act(env_file: Path, order: str, act: str, body: Mapping[str, object], *, json: bool) -> None:
    change(env_file, "POST", f"{_path(order)}/{act}", _picture, json=json, body=body)


def _path(order: str) -> str:
    from libs.chassis.pasted import Kind, read

    found = read(order)
    return f"orders/{path_part(found.text if found.kind is Kind.ORDER else order.strip().upper())}"


def _picture(order: dict[str, Any]) -> None:
    from adrelay.commands.orders.pictures import print_order

    print_order(order)
