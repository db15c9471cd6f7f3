"""The colours of states: green is well, yellow is on its way or needs a look, red is bad, dim is over."""

from rich.text import Text

from adrelay.terminal.visible import visible

_STATES = {
    "green": "ACTIVE ADDED ASSIGNED DELIVERED DONE FINISHED FULFILLED ON ON_SALE RUNNING SENT",
    "yellow": "CONFIRMED CONFIRMING IMPORTED LEFT_OUT NOT_SENT OPEN PAID PARTIALLY_PAID PAUSED PENDING "
    "REQUESTED SENDING WAITING",
    "red": "ACCOUNT_LIMITED BANNED BLOCKED FAILED FROZEN GIVEN_UP REFUNDED REFUSED SEAT_LOST SOURCE_DENIED "
    "SUSPENDED TARGET_DENIED TARGET_GONE UNKNOWN",
    "dim": "ACKNOWLEDGED CANCELLED EXPIRED OFF OVER RETIRED STOPPED",
}
_COLOURS = {state: colour for colour, states in _STATES.items() for state in states.split()}


def state(name: str) -> Text:
    """Return the name of a state, coloured by what it means."""
    return Text(visible(name), _COLOURS.get(name.upper().replace(" ", "_"), ""))


def alarm(text: str) -> Text:
    """Return what needs a person, in yellow."""
    return Text(visible(text), "yellow")
