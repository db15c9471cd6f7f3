"""Parts of an answer that fit into one message."""

from collections.abc import Iterable
from typing import TypeVar

from libs.events.questions import Reply

MOST_BYTES = 512 * 1024
"""The most text in the parts of an answer, which has to fit into one message of the broker."""

ReplyT = TypeVar("ReplyT", bound=Reply)


def size_of(part: Reply) -> int:
    """Return how many bytes a part takes in a message."""
    return len(part.model_dump_json().encode())


def fitting(parts: Iterable[ReplyT]) -> list[ReplyT]:
    """Return the first parts that fit into an answer, at least one if there is any."""
    kept: list[ReplyT] = []
    left = MOST_BYTES
    for part in parts:
        left -= size_of(part)
        if left < 0 and kept:
            break
        kept.append(part)
    return kept
