"""`adrelay`, and `python -m adrelay`."""

import signal

from adrelay.terminal.outcome import run_program
from libs.chassis.private import keep_private


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # until all is imported, Ctrl-C just ends it
    keep_private()
    from adrelay.cli import app

    signal.signal(signal.SIGINT, signal.default_int_handler)
    run_program(lambda: app(prog_name="adrelay"))


if __name__ == "__main__":
    main()
