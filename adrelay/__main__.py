"""`adrelay`, and `python -m adrelay`."""

import sys
from importlib import import_module

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
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name in _HASTY:
        getattr(import_module(_HASTY[name]), name)(sys.argv[2:], prog_name=f"adrelay {name}")
    else:
        import_module("adrelay.cli").app(prog_name="adrelay")


if __name__ == "__main__":
    main()
