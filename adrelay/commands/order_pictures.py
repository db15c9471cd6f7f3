"""Orders as people read them in a terminal."""

from datetime import UTC, datetime
from typing import Any

from rich.table import Table
from rich.text import Text

from adrelay.events.moments import duration
from adrelay.events.outcome import screen
from libs.eventsourcing.record import utc_now

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
    table = _table("order", "placed", "e-mail", "plan", "USD", "order is", "payment is", "received")
    for order in orders:
        row(
            table,
            order["order_number"],
            moment(order["placed_at"]),
            order["email"],
            order["plan"],
            order["price_usd"],
            state(order["order_status"]),
            state(order["status"]),
            _of(order["paid"], order["pay_currency"]),
        )
    screen().print(table)


def print_attention(items: list[dict[str, Any]]) -> None:
    """Print a line for each reason why an order needs a person."""
    table = _table("order", "why", "for", "how much", "e-mail", "order is", "payment is")
    for item in items:
        much = item["detail"] or _of(item["amount"], item["currency"] or "seats")
        row(
            table,
            item["order_number"],
            Text(item["kind"], "yellow"),
            _age(item["since"]),
            much,
            item["email"],
            state(item["order_status"]),
            state(item["payment_status"]),
        )
    screen().print(table)


def print_order(order: dict[str, Any]) -> None:
    """Print all of an order."""
    console = screen()
    coin = order["pay_currency"]
    facts = {
        "order": Text.assemble(_text(order["order_number"]), "  ", state(order["order_status"])),
        "of": f"{order['email']}  account {order['account']}",
        "plan": f"{order['plan_name']} ({order['plan']}), {order['price_usd']} USD",
        "renews": order["renews"] and f"adbot {order['renews']}",
        "payment": Text.assemble(_text(order["payment"] or "none yet"), "  ", state(order["status"])),
        "vouched": "for by hand" if order["by_hand"] else None,
        "asked": _of(order["amount"], coin),
        "to": order["pay_address"],
        "memo": order["memo"],
        "until": moment(order["expires_at"]),
        "received": _of(order["paid"], coin),
        "missing": _of(order["missing"], coin),
        "too much": _of(order["excess"], coin),
        "brought": order["adbot"] and f"adbot {order['adbot']}",
    }
    grid = Table.grid(padding=(0, 2))
    for name, fact in facts.items():
        if fact:
            row(grid, Text(name, "dim"), fact)
    console.print(grid)
    console.print(_history(order["history"]))
    for item in order["attention"]:
        much = item["detail"] or _of(item["amount"], item["currency"] or "seats")
        console.print(
            Text.assemble(
                ("! ", "yellow"), _text(f"needs a person: {item['kind']} {much}, for {_age(item['since'])}")
            )
        )


def _history(lines: list[dict[str, Any]]) -> Table:
    table = _table("at (UTC)", "what happened", "amount", "by", "")
    for line in lines:
        more = [
            line["payment"] and f"payment {line['payment']}",
            line["missing"] and f"{line['missing']} missing",
            line["excess"] and f"{line['excess']} too much",
            line["note"],
        ]
        row(
            table,
            moment(line["at"]),
            line["event"],
            _of(line["amount"], line["currency"]),
            line["actor"],
            "; ".join(part for part in more if part),
        )
    return table


def _table(*columns: str) -> Table:
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def row(table: Table, *cells: str | Text) -> None:
    """Add a row whose texts stand there as they are."""
    table.add_row(*(cell if isinstance(cell, Text) else _text(cell) for cell in cells))


def _text(text: str) -> Text:
    """Return a text as it is: what others wrote must neither colour nor steer the terminal."""
    return Text("".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text))


def state(name: str) -> Text:
    """Return the name of a state, coloured."""
    return Text(name, _COLOURS.get(name, ""))


def _of(amount: str | None, unit: str | None) -> str:
    return "" if amount is None else f"{amount} {unit or ''}".rstrip()


def moment(at: str) -> str:
    """Return an instant as tables show it, in UTC."""
    return datetime.fromisoformat(at).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _age(since: str) -> str:
    return duration((utc_now() - datetime.fromisoformat(since)).total_seconds())
