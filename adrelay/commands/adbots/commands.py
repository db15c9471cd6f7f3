"""`adrelay adbots`: what an adbot is, sends and may do."""

import typer

from adrelay.commands.adbots import checks, figures, managing, settings
from adrelay.commands.periods import periods_of_adbot
from adrelay.servers.options import GATEWAY_EPILOG

adbots = typer.Typer(
    name="adbots",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # locals could show secrets
    help="List adbots, show what one sent, set, start, stop, extend, suspend, restore it, replace seats.",
    epilog=GATEWAY_EPILOG,
)

adbots.command("list")(managing.list_adbots)
adbots.command("show")(managing.show)
adbots.command("statistics")(figures.statistics)
adbots.command("periods")(periods_of_adbot)
adbots.command("groups")(figures.groups)
adbots.command("log")(figures.log)
adbots.command("advertise")(settings.advertise)
adbots.command("pace")(settings.pace)
adbots.command("group-option")(settings.group_option)
adbots.command("confirm-group")(settings.confirm_group)
adbots.command("check-posts")(checks.check_posts)
adbots.command("post-checks")(checks.post_checks)
adbots.command("post-check")(checks.post_check)
adbots.command("start")(managing.start)
adbots.command("stop")(managing.stop)
adbots.command("extend")(managing.extend)
adbots.command("suspend")(managing.suspend)
adbots.command("restore")(managing.restore)
adbots.command("replace-seat")(managing.replace_seat)
