"""`python -m adrelay.events` is `adrelay events`."""

from adrelay.events.command import events

if __name__ == "__main__":
    events()
