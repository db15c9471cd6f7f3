"""How orders look in a terminal."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text

from adrelay.commands.addresses import ADDRESS, NO_ADDRESS
from adrelay.terminal.facts import print_facts
from adrelay.terminal.listing import Column, Form, Item, print_list
from adrelay.terminal.moments import age, moment
from adrelay.terminal.outcome import screen
from adrelay.terminal.screen import Cell
from adrelay.terminal.states import state


def _age(item: Item) -> str:
    return age(item["since"])


def _received(order: Item) -> str:
    return _of(order["paid"], order["pay_currency"])


def _of(amount: str | None, unit: str | None) -> str:
    return "" if amount is None else f"{amount} {unit or ''}".rstrip()


def _much(item: Item) -> str:
    return item["detail"] or _of(item["amount"], item["currency"] or "seats")


ORDERS = (
    Column("order", "order_number"),
    Column("placed", "placed_at", Form.MOMENT),
    Column("USD", "price_usd", Form.AMOUNT),
    Column("order is", "order_status", Form.STATE),
    Column("payment is", "status", Form.STATE),
    Column("received", _received, Form.AMOUNT),
    Column("plan", "plan"),
    ADDRESS,
)
ATTENTION = (
    Column("order", "order_number"),
    Column("why", "kind", Form.ALARM),
    Column("for", _age, Form.AMOUNT),
    Column("how much", _much),
    Column("order is", "order_status", Form.STATE),
    Column("payment is", "payment_status", Form.STATE),
    ADDRESS,
)
_HISTORY = (
    Column("at (UTC)", "at", Form.MOMENT),
    Column("what happened", "event"),
    Column("amount", lambda line: _of(line["amount"], line["currency"]), Form.AMOUNT),
    Column("missing", "missing", Form.AMOUNT),
    Column("too much", "excess", Form.AMOUNT),
    Column("by", "actor"),
    Column("payment", "payment"),
    Column("note", "note"),
)


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
    print_facts(facts)
    print_list(order["history"], _HISTORY, "nothing has happened")
    for item in order["attention"]:
        much = _much(item).split(" ")
        words = ("needs a person:", item["kind"], *much[:-1], f"{much[-1]},", f"for {_age(item)}")
        console.items(Text("!", "yellow"), *words, gap=" ")
