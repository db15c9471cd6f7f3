"""The format of server-sent events.

See https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

HEARTBEAT = b": still here\n\n"
"""A comment, which readers ignore; it shows both sides that the connection holds."""


def rendered(data: str, *, event: str, key: str = "") -> bytes:
    """Return an event; `data` is JSON, so that it is one line, and `key` is its id."""
    lines = [f"id: {key}"] if key else []
    return "\n".join([*lines, f"event: {event}", f"data: {data}", "", ""]).encode()
