"""Reads the chats that an operator blocks, in any spelling."""

import re

from libs.events.chat_ids import chat_of
from libs.eventsourcing import Refused
from libs.telegram_links.groups import parse_group
from libs.telegram_links.links import Malformed, echo, like_a_link, read_link
from libs.telegram_links.lookalikes import look

_BARE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}")


def read_target(written: str) -> str:
    """Return the canonical reference of a group; its topic is ignored. Refused: `malformed_target`."""
    return _read(written, "malformed_target")


def read_source(written: str) -> str:
    """Return the canonical reference of a channel. Refused: `malformed_source`."""
    chat = _read(written, "malformed_source")
    if chat.startswith("+"):
        raise Refused(
            "malformed_source", f"{echo(written)} is an invitation; name the channel by @name or its id"
        )
    return chat


def _read(written: str, code: str) -> str:
    text = written.strip()
    try:
        return _chat(text)
    except Malformed as problem:
        folded = look(text)
        try:
            chat = _chat(folded)
        except Malformed:
            raise Refused(code, str(problem)) from None
        if chat.startswith("+"):  # an invitation has capitals, which are lost by now
            raise Refused(code, str(problem)) from None
        return chat


def _chat(text: str) -> str:
    """Return the chat that a name, an id, or a link names, also one to a message. Raises `Malformed`."""
    if _BARE_NAME.fullmatch(text):
        text = f"@{text}"
    if not text:
        raise Malformed("nothing is named")
    if not like_a_link(text):
        return chat_of(parse_group(text))
    return chat_of(read_link(text).chat)
