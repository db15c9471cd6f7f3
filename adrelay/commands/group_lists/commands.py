"""`adrelay group-lists`: groups that several adbots of an account share."""

import typer

from adrelay.commands.group_lists import assigning, keeping
from adrelay.servers.options import GATEWAY_EPILOG

group_lists = typer.Typer(
    name="group-lists",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List, make, change, assign and delete the group lists of accounts.",
    epilog=GATEWAY_EPILOG,
)

group_lists.command("list")(keeping.list_lists)
group_lists.command("show")(keeping.show_)
group_lists.command("create")(keeping.create)
group_lists.command("change")(keeping.change_list)
group_lists.command("option")(keeping.option)
group_lists.command("delete")(keeping.delete)
group_lists.command("assign")(assigning.assign)
group_lists.command("unassign")(assigning.unassign)
