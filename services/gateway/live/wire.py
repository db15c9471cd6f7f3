"""The format of server-sent events.

See https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

HEARTBEAT = b": still here\n"
"""A comment, which readers ignore; it shows both sides that the connection holds."""


def heartbeat(key: str) -> bytes:
    """Return a heartbeat; readers keep its id, if any, as that of the last event, and pass on nothing."""
    return HEARTBEAT + (f"id: {key}\n\n".encode() if key else b"\n")


def rendered(data: str, *, event: str, key: str = "") -> bytes:
    """Return an event; `data` is JSON, so that it is one line, and `key` is its id."""
    lines = [f"id: {key}"] if key else []
    return "\n".join([*lines, f"event: {event}", f"data: {data}", "", ""]).encode()
