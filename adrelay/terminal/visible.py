"""Makes the text of others harmless: what can't be printed could steer the terminal."""

import json


def visible(text: str) -> str:
    """Return a text on one line, with a sign in place of each character that can't be printed."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)


def visible_json(text: str) -> str:
    """Return a line of JSON that means the same, with characters that can't be printed escaped."""
    return "".join(letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in text)
