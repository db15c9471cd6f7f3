"""`adrelay`, and `python -m adrelay`."""

import sys
from importlib import import_module


def main() -> None:
    """Run the command line. What operators ask in a hurry does not wait for the import of everything else."""
    if sys.argv[1:2] == ["events"]:
        import_module("adrelay.events.command").events(sys.argv[2:], prog_name="adrelay events")
    else:
        import_module("adrelay.cli").app(prog_name="adrelay")


if __name__ == "__main__":
    main()
