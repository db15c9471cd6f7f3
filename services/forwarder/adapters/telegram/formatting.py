"""Telegram's formatting of texts, read with Telethon's own parsers."""
# Telethon ships no types
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from typing import Any

from telethon.extensions import html, markdown
from telethon.tl import types

from libs.events.values import TextFormat, TextPost

_DELIMITERS = {**markdown.DEFAULT_DELIMITERS, "||": types.MessageEntitySpoiler}


def formatted(post: TextPost) -> tuple[str, list[Any]]:
    """Return the text to be sent, without the signs or tags that format it, and its formatting entities."""
    if post.format is TextFormat.PLAIN:
        return post.text, []
    if post.format is TextFormat.HTML:
        text, entities = html.parse(post.text)
    else:
        text, entities = markdown.parse(post.text, _DELIMITERS)
    return text, entities
