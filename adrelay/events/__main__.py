"""`python -m adrelay.events` is `adrelay events`."""

from adrelay.events.command import events
from libs.chassis.private import keep_private

if __name__ == "__main__":
    keep_private()
    events()
