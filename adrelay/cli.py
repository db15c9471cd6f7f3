"""The command line."""

import typer

from adrelay.commands.accounts import accounts
from adrelay.commands.adbots import adbots
from adrelay.commands.catalogue import catalogue
from adrelay.commands.env import env
from adrelay.commands.keygen import keygen
from adrelay.commands.orders import orders
from adrelay.commands.up import up
from adrelay.demo.command import demo
from adrelay.events.command import group as events_group
from sandbox.mail.cli import run as mail_sandbox
from sandbox.nowpayments.cli import run as nowpayments_sandbox
from sandbox.telegram.cli import run as telegram_sandbox

app = typer.Typer(
    name="adrelay",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,  # they could show secrets
    epilog="Begin with [bold]adrelay demo[/bold]. Exit codes: 0 done, 1 failed, 2 wrong usage or settings.",
)
sandbox = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    help="Run a stand-in for the outside world, to try things against.",
)

app.command(rich_help_panel="Try it")(demo)
app.add_typer(sandbox, name="sandbox", rich_help_panel="Try it")
app.command(rich_help_panel="Run it")(up)
app.command(rich_help_panel="Run it")(keygen)
app.command(rich_help_panel="Run it")(env)
app.add_typer(catalogue, name="catalogue", rich_help_panel="Operate it")
app.add_typer(orders, name="orders", rich_help_panel="Operate it")
app.add_typer(accounts, name="accounts", rich_help_panel="Operate it")
app.add_typer(adbots, name="adbots", rich_help_panel="Operate it")
app.add_typer(events_group(), name="events", rich_help_panel="Operate it")
sandbox.command("telegram")(telegram_sandbox)
sandbox.command("nowpayments")(nowpayments_sandbox)
sandbox.command("mail")(mail_sandbox)


@app.callback()
def root() -> None:
    """Adrelay sells and runs scheduled Telegram message forwarding."""
