"""`adrelay`, and `python -m adrelay`."""

import signal
import sys
from importlib import import_module

from libs.chassis.private import keep_private

_HASTY = {
    "accounts": "adrelay.commands.accounts",
    "adbots": "adrelay.commands.adbots",
    "catalogue": "adrelay.commands.catalogue",
    "events": "adrelay.events.command",
    "orders": "adrelay.commands.orders",
}
"""What operators ask in a hurry, and the module that knows; it does not wait for the rest to be imported."""


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until all is imported, Ctrl-C just ends it
    keep_private()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in _HASTY:
        run, arguments, called = getattr(import_module(_HASTY[name]), name), sys.argv[2:], f"adrelay {name}"
    else:
        run, arguments, called = import_module("adrelay.cli").app, sys.argv[1:], "adrelay"
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run(arguments, prog_name=called)


if __name__ == "__main__":
    main()
