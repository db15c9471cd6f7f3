"""The command line."""

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError
from typing import Annotated, ClassVar

import typer

from adrelay.terminal.menu import Entry, Menu, group

TRY, RUN, OPERATE = "Try it", "Run it", "Operate it"


class _Adrelay(Menu):
    entries: ClassVar[Mapping[str, Entry]] = {
        "demo": Entry(
            "adrelay.demo.cli:demo",
            "Run the whole path against the sandboxes and prove what the groups hold.",
            TRY,
        ),
        "sandbox": Entry(
            "adrelay.cli:sandbox", "Run a sandbox of an outside service, to try things against.", TRY
        ),
        "up": Entry("adrelay.commands.up.cli:up", "Run everything on this machine until Ctrl-C.", RUN),
        "keygen": Entry(
            "adrelay.commands.keygen:keygen", "Print fresh secrets, ready to be put into `.env`.", RUN
        ),
        "env": Entry(
            "adrelay.commands.env:env", "Print one setting, for other commands: secrets as they are.", RUN
        ),
        "databases": Entry(
            "adrelay.commands.databases.cli:databases",
            "Give each service a role of PostgreSQL that owns its database alone, and check it.",
            RUN,
        ),
        "catalogue": Entry(
            "adrelay.commands.catalogue:catalogue", "List, add, reprice and retire plans.", OPERATE
        ),
        "orders": Entry(
            "adrelay.commands.orders.commands:orders",
            "Search orders, explain one, and review those that need a person.",
            OPERATE,
        ),
        "accounts": Entry(
            "adrelay.commands.accounts.commands:accounts",
            "List, create, suspend, restore and erase accounts, manage what opens them and what they may do.",
            OPERATE,
        ),
        "adbots": Entry(
            "adrelay.commands.adbots.commands:adbots",
            "List adbots, show what one sent, set, start, stop, extend, suspend, restore it, replace seats.",
            OPERATE,
        ),
        "group-lists": Entry(
            "adrelay.commands.group_lists.commands:group_lists",
            "List, make, change, assign and delete the group lists of accounts.",
            OPERATE,
        ),
        "stock": Entry(
            "adrelay.commands.stock.commands:stock",
            "Show the stock of sessions, and add sessions and Telegram applications.",
            OPERATE,
        ),
        "activity": Entry(
            "adrelay.commands.activity:activity", "List and export what operators did.", OPERATE
        ),
        "operations": Entry(
            "adrelay.commands.operations:operations",
            "Show what waits and went wrong, follow changes, pause all adbots, block groups and channels.",
            OPERATE,
        ),
        "system": Entry(
            "adrelay.commands.system.commands:system",
            "Show the health of all services, retry and drop dead letters, rebuild tables.",
            OPERATE,
        ),
        "events": Entry(
            "adrelay.commands.events.group:events",
            "Follow, explain and repair what the services did. All of it works while they run.",
            OPERATE,
        ),
    }


class _Sandbox(Menu):
    entries: ClassVar[Mapping[str, Entry]] = {
        "telegram": Entry(
            "sandbox.telegram.cli:run",
            "Run a Telegram sandbox until it is interrupted; the first line has its addresses, as JSON.",
        ),
        "nowpayments": Entry(
            "sandbox.nowpayments.cli:run",
            "Run a sandbox of the NOWPayments provider until it is interrupted.",
        ),
        "mail": Entry(
            "sandbox.mail.cli:run",
            "Run a mail server that stores all mails and delivers none, until it is interrupted.",
        ),
    }


def _print_version(asked: bool) -> None:  # noqa: FBT001 - how typer calls it
    if not asked:
        return
    from importlib.metadata import version

    try:
        typer.echo(f"adrelay {version('adrelay')}")
    except PackageNotFoundError:
        typer.echo("adrelay, not installed: its version is unknown")
    raise typer.Exit


def root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Adrelay sells and runs scheduled Telegram message forwarding."""
    del version


app = group(
    _Adrelay,
    "adrelay",
    callback=root,
    epilog="Begin with `adrelay demo`. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.",
)
sandbox = group(
    _Sandbox,
    "sandbox",
    add_completion=False,
    help="Run a sandbox of an outside service, to try things against.",
)
