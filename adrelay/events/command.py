"""The group `adrelay events`."""

import typer

from adrelay.events.dead import dead
from adrelay.events.export import export
from adrelay.events.importing import import_
from adrelay.events.lag import lag
from adrelay.events.rebase import rebase_
from adrelay.events.rebuild import rebuild
from adrelay.events.republish import republish_
from adrelay.events.show import show
from adrelay.events.tables import retire, rollback, tables_
from adrelay.events.tail import tail
from adrelay.events.trace import trace
from adrelay.events.verify import verify

events = typer.Typer(
    name="events",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # they could show secrets
    help="Follow, explain and repair what the services did. All of it works while they run.",
    epilog="Servers are found by ADRELAY_POSTGRES_URL, ADRELAY_<SERVICE>_POSTGRES_URL, ADRELAY_NATS_URL and "
    "ADRELAY_NATS_PREFIX, or with --data. Exit codes: 0 done, 1 found problems or nothing, 2 could not run.",
)

events.command()(tail)
events.command()(show)
events.command()(trace)
events.command()(lag)
events.command()(verify)
events.command("tables")(tables_)
events.command()(rebuild)
events.command()(rollback)
events.command()(retire)
events.command("republish")(republish_)
events.command("rebase")(rebase_)
events.command()(export)
events.command("import")(import_)
events.add_typer(dead, name="dead")
