"""Prints orders in a terminal."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

from adrelay.terminal.moments import duration
from adrelay.terminal.outcome import screen
from adrelay.terminal.screen import Cell, Screen, Table, as_is

NO_ADDRESS = "no address"
"""Shown where an account was erased, or its address is not known."""
_COLOURS = {
    "PAID": "yellow",
    "FULFILLED": "green",
    "FINISHED": "green",
    "PARTIALLY_PAID": "yellow",
    "REFUNDED": "red",
    "FAILED": "red",
    "EXPIRED": "dim",
    "CANCELLED": "dim",
    "RUNNING": "green",
    "SUSPENDED": "red",
}


def print_orders(orders: list[dict[str, Any]]) -> None:
    """Print a line for each order."""
    columns = ("order", "placed", "USD", "order is", "payment is", "received", "plan", "e-mail")
    table = Table(*columns, right=("USD", "received"))
    for order in orders:
        table.add(
            order["order_number"],
            moment(order["placed_at"]),
            order["price_usd"],
            state(order["order_status"]),
            state(order["status"]),
            _of(order["paid"], order["pay_currency"]),
            order["plan"],
            order["email"] or NO_ADDRESS,
        )
    screen().table(table)


def print_attention(items: list[dict[str, Any]]) -> None:
    """Print a line for each reason why an order needs a person."""
    table = Table("order", "why", "for", "how much", "order is", "payment is", "e-mail", right=("for",))
    for item in items:
        table.add(
            item["order_number"],
            Text(item["kind"], "yellow"),
            _age(item["since"]),
            _much(item),
            state(item["order_status"]),
            state(item["payment_status"]),
            item["email"] or NO_ADDRESS,
        )
    screen().table(table)


def print_order(order: dict[str, Any]) -> None:
    """Print all of an order."""
    console = screen()
    coin = order["pay_currency"]
    facts: dict[str, Sequence[Cell]] = {
        "order": (order["order_number"], state(order["order_status"])),
        "of": (order["email"] or NO_ADDRESS, f"account {order['account']}"),
        "plan": (order["plan_name"], f"({order['plan']}),", f"{order['price_usd']} USD"),
        "renews": (order["renews"] and f"adbot {order['renews']}",),
        "payment": (order["payment"] or "none yet", state(order["status"])),
        "vouched": ("for by hand" if order["by_hand"] else "",),
        "asked": (_of(order["amount"], coin),),
        "to": (order["pay_address"],),
        "memo": (order["memo"],),
        "until": (order["expires_at"] and moment(order["expires_at"]),),
        "received": (_of(order["paid"], coin),),
        "missing": (_of(order["missing"], coin),),
        "too much": (_of(order["excess"], coin),),
        "brought": (order["adbot"] and f"adbot {order['adbot']}",),
    }
    print_facts(console, facts)
    console.table(_history(order["history"]))
    for item in order["attention"]:
        much = _much(item).split(" ")
        words = ("needs a person:", item["kind"], *much[:-1], f"{much[-1]},", f"for {_age(item['since'])}")
        console.items(Text("!", "yellow"), *words, gap=" ")


def print_facts(console: Screen, facts: Mapping[str, Sequence[Cell | None]]) -> None:
    """Print fields, a name and its values on a line; unknown ones are left out."""
    widest = max(map(len, facts)) + 2
    for name, values in facts.items():
        known = [value for value in values if value]
        if known:
            first = Text.assemble((f"{name:<{widest}}", "dim"), as_is(known[0]))
            console.items(first, *known[1:])


def _history(lines: list[dict[str, Any]]) -> Table:
    amounts = ("amount", "missing", "too much")
    table = Table("at (UTC)", "what happened", *amounts, "by", "payment", "note", right=amounts)
    for line in lines:
        table.add(
            moment(line["at"]),
            line["event"],
            _of(line["amount"], line["currency"]),
            line["missing"] or "",
            line["excess"] or "",
            line["actor"],
            line["payment"] or "",
            line["note"] or "",
        )
    return table


def state(name: str) -> Text:
    """Return the name of a state, coloured."""
    return Text(as_is(name).plain, _COLOURS.get(name, ""))


def _of(amount: str | None, unit: str | None) -> str:
    return "" if amount is None else f"{amount} {unit or ''}".rstrip()


def _much(item: dict[str, Any]) -> str:
    return item["detail"] or _of(item["amount"], item["currency"] or "seats")


def moment(at: str) -> str:
    """Return an instant in UTC, as in tables."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _age(since: str) -> str:
    return duration((datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds())
