"""`python -m adrelay.events` is `adrelay events`."""

from adrelay.events.command import events
from adrelay.events.outcome import run_program
from libs.chassis.private import keep_private

if __name__ == "__main__":
    keep_private()
    run_program(lambda: events(prog_name="adrelay events"))
